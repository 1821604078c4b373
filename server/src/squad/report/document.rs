//! A document without a form: Markdown and HTML are made from the same blocks. All text is plain and untrusted.

use crate::squad::facts::Finding;

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A name or path, set in a fixed width.
    Code(String),
    /// A number or value, set to the right.
    Value(String),
}

/// One block.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading of level 1 to 3.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// The words that open the report.
    Lead(String),
    /// Somebody else's words.
    Quote(String),
    /// A list.
    List(Vec<String>),
    /// A finding.
    Finding(Finding),
    /// A table with its column names.
    Table(Vec<&'static str>, Vec<Vec<Cell>>),
    /// Bars: what they show, and a label and number for each.
    Bars(String, Vec<(String, u64)>),
}
