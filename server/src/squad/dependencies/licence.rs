//! Which licence a text is, by phrases only it has.

use crate::squad::name;

/// How much of a text is compared; the GPL's title stands in its first lines, Apache's too.
const COMPARED_BYTES_MAX: usize = 16 << 10;

/// (SPDX identifier, phrases that must all be there), more special ones first.
const LICENCES: [(&str, &[&str]); 22] = [
    ("AGPL-3.0", &["gnu affero general public license", "version 3"]),
    ("LGPL-3.0", &["gnu lesser general public license", "version 3"]),
    ("LGPL-2.1", &["gnu lesser general public license", "version 2.1"]),
    ("GPL-3.0", &["gnu general public license", "version 3"]),
    ("GPL-2.0", &["gnu general public license", "version 2"]),
    ("Apache-2.0", &["apache license", "version 2.0"]),
    ("MPL-2.0", &["mozilla public license", "2.0"]),
    ("EPL-2.0", &["eclipse public license - v 2.0"]),
    ("EUPL-1.2", &["european union public licence", "1.2"]),
    ("CC0-1.0", &["cc0 1.0 universal"]),
    ("CC-BY-SA-4.0", &["attribution-sharealike 4.0"]),
    ("CC-BY-4.0", &["attribution 4.0 international"]),
    ("Unlicense", &["this is free and unencumbered software released into the public domain"]),
    ("BSL-1.0", &["boost software license - version 1.0"]),
    ("BUSL-1.1", &["business source license 1.1"]),
    ("Zlib", &["this software is provided 'as-is'", "altered source versions must be plainly marked"]),
    ("BSD-3-Clause", &["redistribution and use in source and binary forms", "neither the name"]),
    ("BSD-2-Clause", &["redistribution and use in source and binary forms", "this list of conditions"]),
    ("ISC", &["permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"]),
    ("ISC", &["permission to use, copy, modify, and distribute this software for any purpose with or without fee"]),
    (
        "MIT",
        &[
            "permission is hereby granted, free of charge, to any person obtaining a copy",
            "the software is provided \"as is\"",
        ],
    ),
    ("WTFPL", &["do what the fuck you want to public license"]),
];

/// Whether a file's name says it holds a licence.
pub fn is_licence_file(path: &[u8]) -> bool {
    let base = String::from_utf8_lossy(name::base(path)).to_ascii_uppercase();
    let stem = base.split(['.', '-', '_']).next().unwrap_or_default();
    let end = base.rsplit_once('.').map_or("", |(_, end)| end);
    matches!(stem, "LICENSE" | "LICENCE" | "COPYING" | "UNLICENSE")
        && !matches!(end, "RS" | "PY" | "JS" | "TS" | "GO" | "JAVA" | "HTML" | "JSON" | "YML" | "YAML" | "TOML" | "SH")
}

/// The licence's SPDX identifier, if its text is known.
pub fn recognise(content: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(&content[..content.len().min(COMPARED_BYTES_MAX)]).to_lowercase();
    let text = text.replace(['“', '”'], "\"").replace(['‘', '’'], "'");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    LICENCES.iter().find(|(_, phrases)| phrases.iter().all(|phrase| text.contains(phrase))).map(|(name, _)| *name)
}
