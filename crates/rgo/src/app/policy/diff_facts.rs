//! Defines the words that policies ask of a diff, and answers them.

use rgo_debuginfo::diff::{Diff, Side};
use rgo_debuginfo::sizes::Attribution;
use rgo_policy::vocabulary::{FactDef, ValueKind, glob_match};
use rgo_policy::{
    FactSource, FactValue, Lookup, NoAnswer, Platform, PolicyFact, PolicyOs, SubjectKind,
};

/// Evidence names at most this number of exports or symbols.
const SHOWN: usize = 5;

/// A word, and the function that answers it for a diff, or for a member of a family.
struct Row {
    word: FactDef,
    answer: fn(&Diff, &str) -> PolicyFact,
}

const fn row(
    name: &'static str,
    kind: ValueKind,
    about: &'static str,
    example: &'static str,
    answer: fn(&Diff, &str) -> PolicyFact,
) -> Row {
    Row { word: FactDef { name, subject: SubjectKind::Diff, kind, about, example }, answer }
}

static ROWS: &[Row] = &[
    row(
        "growth",
        ValueKind::Growth,
        "how much larger the file is than before",
        "growth<=2%",
        |diff, _| growth(diff, |sizes| sizes.file_bytes),
    ),
    row(
        "memory-growth",
        ValueKind::Growth,
        "how much more memory it takes when it is loaded",
        "memory-growth<=64KiB",
        |diff, _| growth(diff, |sizes| sizes.memory_bytes),
    ),
    row(
        "exports-removed",
        ValueKind::Count,
        "how many exports are gone, or have another version or number",
        "exports-removed=0",
        |diff, _| {
            let names = diff.exports_removed.iter().map(|export| export.name.as_str());
            counted(diff.exports_removed.len(), names)
        },
    ),
    row(
        "exports-added",
        ValueKind::Count,
        "how many exports are new, or have another version or number",
        "exports-added=0",
        |diff, _| {
            let names = diff.exports_added.iter().map(|export| export.name.as_str());
            counted(diff.exports_added.len(), names)
        },
    ),
    row(
        "symbol:",
        ValueKind::Presence,
        "a function or variable of the new file, by its demangled name",
        "!symbol:*ForTest*",
        |diff, member| {
            let names = || diff.side(Side::New).symbols.iter().filter(|it| glob_match(member, it));
            let evidence: Vec<&str> = names().take(SHOWN).map(String::as_str).collect();
            PolicyFact::new(names().next().is_some()).because(evidence.join(", "))
        },
    ),
];

/// The words of diffs.
pub(super) fn words() -> impl Iterator<Item = &'static FactDef> {
    ROWS.iter().map(|row| &row.word)
}

fn growth(diff: &Diff, bytes: fn(&Attribution) -> u64) -> PolicyFact {
    let [old, new] = [Side::Old, Side::New].map(|side| bytes(diff.side(side)));
    let by = new.cast_signed().wrapping_sub(old.cast_signed());
    PolicyFact::new(FactValue::Growth { by, from: old }).because(format!("{old} became {new}"))
}

fn counted<'n>(count: usize, names: impl Iterator<Item = &'n str>) -> PolicyFact {
    let shown: Vec<&str> = names.take(SHOWN).collect();
    let more = if count > shown.len() { ", …" } else { "" };
    PolicyFact::new(count as u64).because(shown.join(", ") + more)
}

/// A diff that answers questions.
pub(crate) struct DiffFacts<'d>(pub(crate) &'d Diff);

impl FactSource for DiffFacts<'_> {
    fn platform(&self) -> Platform {
        // Requirements of diffs are in a table of their own, whatever the platform.
        Platform { os: PolicyOs::Other, static_: None }
    }

    fn get(&self, name: &str, member: &str) -> Lookup {
        match ROWS.iter().find(|row| row.word.name == name) {
            Some(row) => Ok((row.answer)(self.0, member)),
            None => Err(NoAnswer::unknown(format!("`{name}` is not asked of a diff"))),
        }
    }
}
