//! The part of the report for `--explain-rebuild`: what was compiled, and why.

use rgo_report::{Cell, Column, Document, Table};
use rgo_toolchain::cargo::rebuild_reasons::Rebuilt;
use rgo_toolchain::compiler_used::CompilerUsed;

/// Adds it to a document.
pub(super) fn add(document: Document, rebuilt: &[Rebuilt], compilers: &[CompilerUsed]) -> Document {
    let document = document.heading("Compiled");
    if rebuilt.is_empty() {
        return document.line("nothing: all was fresh");
    }
    let mut table =
        Table::new([Column::left(kind(compilers)), Column::right("times"), Column::left("why")]);
    for one in rebuilt {
        let why = one.reasons.join("; ");
        table.row([Cell::new(&one.package), Cell::new(one.units.to_string()), Cell::new(why)]);
    }
    document.table(table)
}

/// The compilers' word for what they compile. Go has no crates, but a crate is of a package.
fn kind(compilers: &[CompilerUsed]) -> &'static str {
    let has_go = compilers.iter().any(|compiler| compiler.name == "go");
    if has_go { "package" } else { "crate" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_has_its_compilers_word() {
        for (names, expected) in
            [(&["rustc"][..], "crate"), (&["go"], "package"), (&["rustc", "go"], "package")]
        {
            let compiler = |name: &&str| CompilerUsed {
                name: (*name).to_owned(),
                version: "1".into(),
                line: "1".into(),
                path: "/c".into(),
                builder_path: "/c".into(),
                chosen_by: "PATH".into(),
            };
            let compilers: Vec<CompilerUsed> = names.iter().map(compiler).collect();
            assert_eq!(kind(&compilers), expected, "{names:?}");
        }
    }
}
