//! Determines the defenses of a program. Each answer has its evidence. `Unknown` is a valid answer:
//! a static program without symbols may or may not check its stack.
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

/// An answer and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Defense {
    /// The answer.
    pub answer: TriState,
    /// The evidence in the image. If the question does not apply: the reason, or an empty text if
    /// the format makes it obvious.
    #[serde(skip_serializing_if = "crate::evidence::is_hidden")]
    pub evidence: Cow<'static, str>,
    /// The part of the program that the answer is about, if the C library is linked in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whose: Option<Whose>,
}

/// A part of a program with a linked-in C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The program's own code and its libraries.
    Program,
    /// The C library. No other part is known to be affected.
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

    /// Yes or no by a flag; the evidence names it.
    fn flag(set: bool, name: &str) -> Self {
        let state = if set { "set" } else { "not set" };
        Self::new(set, format!("{name} is {state}"))
    }
}

/// How much of the data that the loader writes at the start becomes read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relro {
    /// Nothing.
    None,
    /// All but the addresses of functions that the loader binds at their first call.
    Partial,
    /// Everything: the loader binds functions at the start.
    Full,
    /// Not an ELF program or library.
    NotApplicable,
}

/// The defenses of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Hardening {
    /// The program runs at any address. Libraries always do.
    pub pie: Defense,
    /// Read-only relocations (ELF).
    pub relro: Relro,
    /// The stack is not executable; in PE, data is not (DEP, `NX_COMPAT`).
    pub nx: Defense,
    /// Some functions of the program check a canary before they return. Checks in a linked-in C
    /// library do not count.
    pub stack_protector: Defense,
    /// The program itself calls checked variants of C library functions (`_FORTIFY_SOURCE`).
    pub fortify: Defense,
    /// It is marked for Intel's indirect branch tracking (x86).
    pub cet_ibt: Defense,
    /// It is marked for shadow stacks (x86).
    pub cet_shstk: Defense,
    /// It is marked for branch target identification (arm64).
    pub bti: Defense,
    /// It is marked for pointer authentication (arm64).
    pub pac: Defense,
    /// The loader may choose the address (PE, `DYNAMIC_BASE` with relocations).
    pub aslr: Defense,
    /// The loader may choose among all 64-bit addresses (PE).
    pub high_entropy_va: Defense,
    /// Control flow guard: indirect calls are checked (PE).
    pub cf_guard: Defense,
    /// Exception handlers are registered (PE for 32-bit x86).
    pub safe_seh: Defense,
    /// dyld ignores its environment variables (Mach-O, `__RESTRICT`).
    pub restrict: Defense,
    /// The code signature requests Apple's hardened runtime (Mach-O).
    pub hardened_runtime: Defense,
}

impl Hardening {
    /// All findings with their field names, in the order of the fields, except
    /// [`Hardening::relro`].
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

    /// Findings of which none applies.
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

/// Determines the defenses of an image.
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

/// The sections with code. A hostile table can let every section claim the whole file, so their
/// total size is limited to that of the file.
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
