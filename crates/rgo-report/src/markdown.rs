//! Renders documents as GitHub-flavored Markdown, for `$GITHUB_STEP_SUMMARY` and pull requests.
//! Escapes text that comes from a file: a crate called `<script>` stays a name.

use crate::document::{Align, Block, Document, Table};
use crate::printable::acts;

pub(crate) fn render(document: &Document) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        match block {
            Block::Heading(title) => push(&mut out, &["### ", &escape(title), "\n"]),
            Block::Line(cell) => push(&mut out, &[&escape(&cell.text), "\n"]),
            Block::Facts(facts) => {
                for (key, value) in facts {
                    push(&mut out, &["- **", &escape(key), "**: ", &escape(&value.text), "\n"]);
                }
            }
            Block::Table(table) => push_table(&mut out, table),
            Block::Raw(text) => push_fenced(&mut out, text),
        }
    }
    out
}

fn push_table(out: &mut String, table: &Table) {
    out.push('|');
    for column in &table.columns {
        push(out, &[" ", &escape(&column.title), " |"]);
    }
    out.push_str("\n|");
    for column in &table.columns {
        out.push_str(match column.align {
            Align::Left => ":--|",
            Align::Right => "--:|",
        });
    }
    out.push('\n');
    for row in &table.rows {
        out.push('|');
        for index in 0..table.columns.len() {
            let text = row.get(index).map(|cell| escape(&cell.text)).unwrap_or_default();
            push(out, &[" ", &text, " |"]);
        }
        out.push('\n');
    }
}

/// Adds a fence that is longer than any run of backticks in the text, so that the text cannot close
/// it.
fn push_fenced(out: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    push(out, &[&fence, "text\n", text]);
    if !text.ends_with('\n') {
        out.push('\n');
    }
    push(out, &[&fence, "\n"]);
}

fn push(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| out.push_str(part));
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '`' | '*' | '[' | ']' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if acts(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
