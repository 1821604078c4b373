//! The document as one page: no script, nothing fetched, light or dark as the reader's machine says.

use std::fmt::Write as _;

use super::document::{Block, Cell};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--paper:#fff;--wash:#f6f8fa;--bar:#3b6ea8;
--critical:#b3141d;--high:#c2410c;--medium:#8a6100;--low:#1d6f42;--info:#3b5b8c}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--line:#333b45;--paper:#12161b;--wash:#1a2027;--bar:#6ea3dd;
--critical:#ff8087;--high:#ff9f68;--medium:#e6bb55;--low:#6fcf97;--info:#93b4e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:3rem 1.25rem 5rem}
h1{font-size:2rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 1rem}
h2{font-size:1.3rem;line-height:1.3;margin:2.75rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.75rem 0 .5rem}
p{margin:.6rem 0;max-width:42rem}
.lead{font-size:1.15rem;line-height:1.55}
.finding{margin:.75rem 0;padding:.75rem 1rem;background:var(--wash);border-left:4px solid var(--tone);border-radius:0 6px 6px 0}
.finding p{margin:.25rem 0}
.finding .tag{color:var(--tone);font-size:.78rem;font-weight:700;letter-spacing:.05em;text-transform:uppercase;margin-right:.5rem}
.source{color:var(--soft);font-size:.85rem}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
th{color:var(--soft);font-weight:600}
td.value,th.value{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
blockquote{margin:.75rem 0;padding:.25rem 0 .25rem 1rem;border-left:3px solid var(--line);color:var(--soft)}
figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.85rem;margin-top:.25rem}
svg{display:block;width:100%;height:7rem}rect{fill:var(--bar)}
@media print{main{padding:0}.finding{break-inside:avoid}}
";

/// The whole page.
pub fn render(title: &str, blocks: &[Block]) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    let _ = writeln!(page, "<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>", escape(title));
    for block in blocks {
        write(block, &mut page);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn write(block: &Block, page: &mut String) {
    let _ = match block {
        Block::Heading(level, words) => writeln!(page, "<h{level}>{}</h{level}>", escape(words)),
        Block::Paragraph(words) => writeln!(page, "<p>{}</p>", escape(words)),
        Block::Lead(words) => writeln!(page, "<p class=\"lead\">{}</p>", escape(words)),
        Block::Quote(words) => writeln!(page, "<blockquote>{}</blockquote>", escape(words)),
        Block::List(items) => {
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect();
            writeln!(page, "<ul>\n{items}</ul>")
        }
        Block::Finding(finding) => {
            let (word, title) = (finding.severity.word(), escape(&finding.title));
            let _ = write!(
                page,
                "<section class=\"finding\" style=\"--tone:var(--{word})\"><p><span class=\"tag\">{word}</span><strong>{title}</strong></p>"
            );
            writeln!(
                page,
                "<p>{}</p><p class=\"source\">Source: {}</p></section>",
                escape(&finding.detail),
                escape(&finding.source)
            )
        }
        Block::Table(head, rows) => table(head, rows, page),
        Block::Bars(what, bars) => chart(what, bars, page),
    };
}

fn table(head: &[&str], rows: &[Vec<Cell>], page: &mut String) -> std::fmt::Result {
    let is_value = |column: usize| rows.first().is_some_and(|row| matches!(row.get(column), Some(Cell::Value(_))));
    page.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for (column, name) in head.iter().enumerate() {
        write!(
            page,
            "<th scope=\"col\"{}>{}</th>",
            if is_value(column) { " class=\"value\"" } else { "" },
            escape(name)
        )?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            match cell {
                Cell::Text(words) => write!(page, "<td>{}</td>", escape(words))?,
                Cell::Code(name) => write!(page, "<td><code>{}</code></td>", breakable(name))?,
                Cell::Value(value) => write!(page, "<td class=\"value\">{}</td>", escape(value))?,
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
    Ok(())
}

/// Bars as a drawing with a text for each, so that it can be read without being seen.
fn chart(what: &str, bars: &[(String, u64)], page: &mut String) -> std::fmt::Result {
    let most = bars.iter().map(|(_, number)| *number).max().unwrap_or(0).max(1);
    let width = bars.len() * 10;
    write!(
        page,
        "<figure><svg viewBox=\"0 0 {width} 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escape(what)
    )?;
    for (index, (label, number)) in bars.iter().enumerate() {
        // A bar that stands for something is never invisible.
        let height = (number * 100 / most).max(u64::from(*number > 0));
        let (x, y) = (index * 10 + 1, 100 - height);
        write!(
            page,
            "<rect x=\"{x}\" y=\"{y}\" width=\"8\" height=\"{height}\"><title>{}: {number}</title></rect>",
            escape(label)
        )?;
    }
    writeln!(page, "</svg><figcaption>{}</figcaption></figure>", escape(what))
}

/// Long names may break after their joints, and nowhere else.
fn breakable(name: &str) -> String {
    escape(name).replace('_', "_<wbr>").replace('/', "/<wbr>")
}

fn escape(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            letter => text.push(letter),
        }
    }
    text
}
