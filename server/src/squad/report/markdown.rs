//! The document as Markdown. Whatever came from the repository is escaped, so that it is read and never obeyed.

use std::fmt::Write as _;

use super::document::{Block, Cell};

/// The whole text.
pub fn render(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        write(block, &mut text);
        text.push('\n');
    }
    text
}

/// One row of the table of figures, exactly as it stands in the report: the reviewer looks for it.
pub fn figure_row(name: &str, value: &str) -> String {
    format!("| {} | {} |", cell(&Cell::Code(name.to_owned())), cell(&Cell::Value(value.to_owned())))
}

fn write(block: &Block, text: &mut String) {
    let _ = match block {
        Block::Heading(level, words) => writeln!(text, "{} {}", "#".repeat(usize::from(*level)), escape(words)),
        Block::Paragraph(words) | Block::Lead(words) => writeln!(text, "{}", escape(words)),
        Block::Quote(words) => words.lines().try_for_each(|line| writeln!(text, "> {}", escape(line))),
        Block::List(items) => items.iter().try_for_each(|item| writeln!(text, "- {}", escape(item))),
        Block::Finding(finding) => {
            let (severity, title) = (finding.severity.word(), escape(&finding.title));
            writeln!(
                text,
                "- **{severity}: {title}.** {} _Source: {}._",
                escape(&finding.detail),
                escape(&finding.source)
            )
        }
        Block::Table(head, rows) => {
            let _ = writeln!(text, "| {} |\n|{}", head.join(" | "), " --- |".repeat(head.len()));
            rows.iter()
                .try_for_each(|row| writeln!(text, "| {} |", row.iter().map(cell).collect::<Vec<_>>().join(" | ")))
        }
        Block::Bars(what, bars) => {
            let _ = writeln!(text, "| {} | |\n| --- | --- |", escape(what));
            bars.iter().try_for_each(|(label, number)| writeln!(text, "| {} | {number} |", escape(label)))
        }
    };
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) | Cell::Value(words) => escape(words),
        // A code span cannot hold a backtick of its own, and a bar would end the cell.
        Cell::Code(name) if name.contains(['`', '|', '\\']) => escape(name),
        Cell::Code(name) => format!("`{name}`"),
    }
}

/// Every sign that Markdown or HTML might take for its own gets a backslash, line breaks become spaces.
fn escape(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for (index, letter) in words.char_indices() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' | '~' | '$' => text.extend(['\\', letter]),
            '#' | '+' | '-' | '=' if index == 0 => text.extend(['\\', letter]),
            '!' if words[index + 1..].starts_with('[') => text.extend(['\\', letter]),
            // A bare address would become a link.
            ':' if words[index..].starts_with("://") => text.push_str("\\:"),
            letter if letter.is_control() => text.push(' '),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_of_the_repository_becomes_markup() {
        assert_eq!(escape("<script>*a*|[x](y)"), "\\<script\\>\\*a\\*\\|\\[x\\](y)");
        assert_eq!(escape("![x]\nhttp://a"), "\\!\\[x\\] http\\://a");
    }
}
