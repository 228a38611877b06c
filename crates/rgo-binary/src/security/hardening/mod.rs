//! Which defences a program was built with. Each answer says what it rests on, and `Unknown` is
//! an answer: a static program without symbols may or may not check its stack.
//!
//! ```text
//! ELF     program headers, dynamic flags, .note.gnu.property, names of symbols
//! Mach-O  header flags, segments, code signature, names of symbols
//! PE      DllCharacteristics, load configuration, extended DllCharacteristics
//! ```

mod callers;
mod cookie;
mod elf;
mod macho;
mod pe;
mod symbols;

use std::borrow::Cow;

use object::{Object, ObjectSection, SectionKind};
use serde::Serialize;

use crate::{Error, Image, Result, SectionRef, TriState};

/// An answer and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Defense {
    /// The answer.
    pub answer: TriState,
    /// What in the image says so; where the question does not apply, why, or nothing if that is
    /// plain from the format.
    #[serde(skip_serializing_if = "crate::evidence::is_hidden")]
    pub evidence: Cow<'static, str>,
    /// Whose code it is said of, where the C library is a part of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whose: Option<Whose>,
}

/// A part of a program that has its C library in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The program's own code, with the libraries that it brings along.
    Program,
    /// The C library, and as far as it can be told nothing else.
    CLibrary,
}

impl Defense {
    fn new(answer: impl Into<TriState>, evidence: impl Into<Cow<'static, str>>) -> Self {
        Self { answer: answer.into(), evidence: evidence.into(), whose: None }
    }

    fn of(answer: TriState, whose: Whose, evidence: impl Into<Cow<'static, str>>) -> Self {
        Self { whose: Some(whose), ..Self::new(answer, evidence) }
    }

    fn not_applicable() -> Self {
        Self::new(TriState::NotApplicable, "")
    }

    /// Yes or no by a flag, which the evidence names.
    fn flag(set: bool, name: &str) -> Self {
        let state = if set { "set" } else { "not set" };
        Self::new(set, format!("{name} is {state}"))
    }
}

/// How much of what the loader writes at the start is read-only afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relro {
    /// Nothing.
    None,
    /// All but the addresses of functions that are bound at their first call.
    Partial,
    /// Everything: functions are bound at the start.
    Full,
    /// Not an ELF program or library.
    NotApplicable,
}

/// The defences of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hardening {
    /// A program that runs at any address. Libraries always do.
    pub pie: Defense,
    /// Read-only relocations (ELF).
    pub relro: Relro,
    /// The stack is not executable; in PE, data is not (DEP, `NX_COMPAT`).
    pub nx: Defense,
    /// Functions check a canary before they return: some of the program's do. That a C library
    /// which is linked in does so is no answer.
    pub stack_protector: Defense,
    /// Checked variants of the C library's functions are called (`_FORTIFY_SOURCE`), by the
    /// program itself.
    pub fortify: Defense,
    /// Marked for Intel's indirect branch tracking (x86).
    pub cet_ibt: Defense,
    /// Marked for shadow stacks (x86).
    pub cet_shstk: Defense,
    /// Marked for branch target identification (arm64).
    pub bti: Defense,
    /// Marked for pointer authentication (arm64).
    pub pac: Defense,
    /// The loader may choose the address (PE, `DYNAMIC_BASE` with relocations).
    pub aslr: Defense,
    /// It may choose it among all 64-bit addresses (PE).
    pub high_entropy_va: Defense,
    /// Control flow guard: indirect calls are checked (PE).
    pub cf_guard: Defense,
    /// Exception handlers are registered (PE for 32-bit x86).
    pub safe_seh: Defense,
    /// dyld ignores its environment variables (Mach-O, `__RESTRICT`).
    pub restrict: Defense,
    /// Apple's hardened runtime, as asked for by the code signature (Mach-O).
    pub hardened_runtime: Defense,
}

impl Hardening {
    /// All findings by the names of their fields, in their order; [`Hardening::relro`] is none.
    #[must_use]
    pub fn findings(&self) -> [(&'static str, &Defense); 14] {
        [
            ("pie", &self.pie),
            ("nx", &self.nx),
            ("stack_protector", &self.stack_protector),
            ("fortify", &self.fortify),
            ("cet_ibt", &self.cet_ibt),
            ("cet_shstk", &self.cet_shstk),
            ("bti", &self.bti),
            ("pac", &self.pac),
            ("aslr", &self.aslr),
            ("high_entropy_va", &self.high_entropy_va),
            ("cf_guard", &self.cf_guard),
            ("safe_seh", &self.safe_seh),
            ("restrict", &self.restrict),
            ("hardened_runtime", &self.hardened_runtime),
        ]
    }

    /// Nothing applies.
    fn none() -> Self {
        let none = Defense::not_applicable;
        Self {
            pie: none(),
            relro: Relro::NotApplicable,
            nx: none(),
            stack_protector: none(),
            fortify: none(),
            cet_ibt: none(),
            cet_shstk: none(),
            bti: none(),
            pac: none(),
            aslr: none(),
            high_entropy_va: none(),
            cf_guard: none(),
            safe_seh: none(),
            restrict: none(),
            hardened_runtime: none(),
        }
    }
}

/// Which defences an image was built with.
///
/// # Errors
/// [`Error::Malformed`] for headers that contradict themselves.
pub fn hardening(image: &Image<'_>) -> Result<Hardening> {
    match image.object() {
        object::File::Elf32(file) => elf::hardening(image, file),
        object::File::Elf64(file) => elf::hardening(image, file),
        object::File::MachO32(file) => macho::hardening(image, file),
        object::File::MachO64(file) => macho::hardening(image, file),
        object::File::Pe32(_) | object::File::Pe64(_) => pe::hardening(image),
        _ => Err(Error::Unrecognized),
    }
}

/// The sections with code. A hostile table lets every section claim the whole file: together they
/// have no more than that.
fn code<'a>(image: &Image<'a>) -> Vec<SectionRef<'a>> {
    let mut budget = image.data().len();
    let kinds = image.object().sections().map(|section| section.kind());
    let sections = image.sections().zip(kinds).filter(|(_, kind)| *kind == SectionKind::Text);
    sections
        .map_while(|(section, _)| {
            budget = budget.checked_sub(section.data.len())?;
            Some(section)
        })
        .collect()
}
