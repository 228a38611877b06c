//! Turns the mangled name of a symbol into the name that a programmer wrote.
//!
//! ```text
//! name ─┬ _Z        itanium   parses into nodes, then prints            C++
//!       ├ _R        rust::v0  prints while it reads                     Rust, v0
//!       ├ _D        d         prints while it reads                     D
//!       ├ ?, .?     msvc      parses into nodes, then prints            C++ of Microsoft
//!       └ for people:
//!         ├ _R, and _ZN…17h<16 hex digits>E
//!         │         rust      the crate rustc-demangle                  Rust, v0 and legacy
//!         └ $s, $S, $e, _T
//!                   swift     parses into nodes, then prints            Swift
//! ```
//!
//! One `.` before a name is kept: some formats mark a function's code so. `.?` starts the name of a type
//! in the data for `typeid`. The `_` that Mach-O adds to
//! each symbol may stay before a C++ name, as LLVM allows, and before `$`; for the other manglings, the
//! reader of the file has to remove it.

mod d;
mod itanium;
mod limits;
mod msvc;
mod punycode;
mod rust;
mod swift;

use std::fmt;
use std::io::Write as _;

pub use limits::Limits;

/// A mangling: a compiler's way to write a name with its types as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// C++, by the Itanium C++ ABI: every compiler except Microsoft's.
    Itanium,
    /// C++, by Microsoft's compilers, and by others for Windows.
    Msvc,
    /// Rust, v0: `-C symbol-mangling-version=v0`, the default of newer compilers.
    RustV0,
    /// Rust, in the form of a C++ name that ends with a hash.
    RustLegacy,
    /// D.
    D,
    /// Swift, of all versions.
    Swift,
}

/// For whom a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameStyle {
    /// Byte for byte as `llvm-nm -C`, `llvm-cxxfilt` and `llvm-undname` print it. A legacy Rust name is a C++ name
    /// there, with its hash, and a Swift name is not mangled.
    Llvm,
    /// C++ and D as LLVM; Rust in both manglings without hashes, as `rustfilt` prints it; Swift as
    /// `swift demangle` prints it.
    People,
}

/// Why there is no demangled form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DemangleError {
    /// The name has no prefix of a known mangling.
    #[error("the name is not mangled")]
    NotMangled,
    /// The name starts like a mangled name but breaks the grammar.
    #[error("the name breaks the grammar of its mangling")]
    Malformed,
    /// The demangled form is longer than [`Limits::output_bytes`].
    #[error("the demangled name is too long")]
    TooLong,
    /// The name needs more than [`Limits::steps`] or [`Limits::depth`].
    #[error("the name takes too much work to demangle")]
    TooMuchWork,
}

/// Demangles one name after the other. It keeps its buffers, so that it allocates only until they
/// have the size of the largest name.
///
/// ```
/// use rgo_debuginfo::demangle::{Demangler, Limits, Scheme, NameStyle};
///
/// let mut demangler = Demangler::new(Limits::default());
/// let mut text = Vec::new();
/// let scheme = demangler.demangle(b"_ZNSt6vectorIiSaIiEE5clearEv", NameStyle::Llvm, &mut text);
/// assert_eq!(scheme, Ok(Scheme::Itanium));
/// assert_eq!(text, b"std::vector<int, std::allocator<int>>::clear()");
/// ```
#[derive(Debug, Default)]
pub struct Demangler {
    limits: Limits,
    itanium: itanium::Buffers,
    msvc: msvc::Buffers,
    swift: swift::Buffers,
}

impl Demangler {
    /// Creates a demangler with these bounds for each name.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Appends the demangled form of `name` to `out`, and returns its mangling.
    ///
    /// # Errors
    /// If there is no such form within the limits. `out` is as before then.
    pub fn demangle(
        &mut self,
        name: &[u8],
        style: NameStyle,
        out: &mut Vec<u8>,
    ) -> Result<Scheme, DemangleError> {
        let start = out.len();
        let result = if msvc::is_mangled(name) {
            self.append_msvc(name, out)
        } else if style == NameStyle::People && swift::is_mangled(name) {
            self.append_swift(name, out)
        } else if let Some(rest) = name.strip_prefix(b".") {
            out.push(b'.');
            self.append(rest, style, out)
        } else {
            self.append(name, style, out)
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    /// The crate that compiled a generic or inlined function of another crate, if the name has it (Rust, v0).
    #[must_use]
    pub fn instantiating_crate(&self, name: &[u8]) -> Option<String> {
        name.starts_with(b"_R").then(|| rust::v0::instantiating_crate(name, &self.limits))?
    }

    fn append_msvc(&mut self, name: &[u8], out: &mut Vec<u8>) -> Result<Scheme, DemangleError> {
        if name.len() > self.limits.output_bytes {
            return Err(DemangleError::TooLong);
        }
        self.msvc.append(name, &self.limits, out).map(|()| Scheme::Msvc)
    }

    fn append_swift(&mut self, name: &[u8], out: &mut Vec<u8>) -> Result<Scheme, DemangleError> {
        if name.len() > self.limits.output_bytes {
            return Err(DemangleError::TooLong);
        }
        self.swift.append(name, &self.limits, out).map(|()| Scheme::Swift)
    }

    fn append(
        &mut self,
        name: &[u8],
        style: NameStyle,
        out: &mut Vec<u8>,
    ) -> Result<Scheme, DemangleError> {
        if !matches!(name, [b'_', b'R' | b'D', ..]) && !itanium::is_encoding(name) {
            return Err(DemangleError::NotMangled);
        }
        if name.len() > self.limits.output_bytes {
            return Err(DemangleError::TooLong);
        }
        if style == NameStyle::People
            && let Some(result) = rust::for_people(name, &self.limits, out)
        {
            return result;
        }
        match name.get(1) {
            Some(b'R') => rust::v0::append(name, &self.limits, out).map(|()| Scheme::RustV0),
            Some(b'D') => d::append(name, &self.limits, out).map(|()| Scheme::D),
            _ => self.itanium.append(name, &self.limits, out).map(|()| Scheme::Itanium),
        }
    }
}

/// Appends a formatted text without a buffer of its own.
fn append_formatted(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}
