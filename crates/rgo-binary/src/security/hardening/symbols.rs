//! Finds hardening by names of symbols, if an image has any: a compiler that hardens code inserts
//! calls of well-known functions.

use object::{Object, ObjectSymbol};

use super::{Defense, TriState};
use crate::image::dynamic_symbols::dynamic_symbols;
use crate::{Format, Image};

/// Functions that a failed canary check calls, and variables that hold the canary.
const PROTECTOR: [&str; 6] = [
    "__stack_chk_fail",
    "__stack_chk_fail_local",
    "__stack_chk_guard",
    "__stack_smash_handler",
    "__security_check_cookie",
    "__intel_security_cookie",
];

/// Functions of the C library that have a checked variant (glibc's `debug/Versions`; Apple's
/// `secure/_string.h` and `secure/_stdio.h`). `fdelt` is the one for `FD_SET` and similar macros.
const FORTIFIABLE: [&str; 86] = [
    "asprintf",
    "confstr",
    "dprintf",
    "explicit_bzero",
    "fdelt",
    "fgets",
    "fgets_unlocked",
    "fgetws",
    "fgetws_unlocked",
    "fprintf",
    "fread",
    "fread_unlocked",
    "fwprintf",
    "getcwd",
    "getdomainname",
    "getgroups",
    "gethostname",
    "getlogin_r",
    "gets",
    "getwd",
    "inet_ntop",
    "inet_pton",
    "longjmp",
    "mbsnrtowcs",
    "mbsrtowcs",
    "mbstowcs",
    "memccpy",
    "memcpy",
    "memmove",
    "mempcpy",
    "memset",
    "obstack_printf",
    "obstack_vprintf",
    "poll",
    "ppoll",
    "pread",
    "pread64",
    "printf",
    "ptsname_r",
    "read",
    "readlink",
    "readlinkat",
    "realpath",
    "recv",
    "recvfrom",
    "snprintf",
    "sprintf",
    "stpcpy",
    "stpncpy",
    "strcat",
    "strcpy",
    "strlcat",
    "strlcpy",
    "strncat",
    "strncpy",
    "swprintf",
    "syslog",
    "ttyname_r",
    "vasprintf",
    "vdprintf",
    "vfprintf",
    "vfwprintf",
    "vprintf",
    "vsnprintf",
    "vsprintf",
    "vswprintf",
    "vsyslog",
    "vwprintf",
    "wcpcpy",
    "wcpncpy",
    "wcrtomb",
    "wcscat",
    "wcscpy",
    "wcslcat",
    "wcslcpy",
    "wcsncat",
    "wcsncpy",
    "wcsnrtombs",
    "wcsrtombs",
    "wcstombs",
    "wctomb",
    "wmemcpy",
    "wmemmove",
    "wmempcpy",
    "wmemset",
    "wprintf",
];

/// Whether a name is in [`PROTECTOR`].
pub(super) fn is_protector(name: &str) -> bool {
    PROTECTOR.contains(&name)
}

/// Whether a name is a checked variant's.
pub(super) fn is_checked(name: &str) -> bool {
    checked_variant(name.as_bytes()).is_some_and(is_fortifiable)
}

fn is_fortifiable(name: &[u8]) -> bool {
    FORTIFIABLE.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
}

/// The evidence in the names of an image.
#[derive(Default)]
pub(super) struct Calls {
    /// The first name from [`PROTECTOR`].
    protector: Option<String>,
    /// The number of called checked variants, and the first of them.
    checked: usize,
    first_checked: Option<String>,
    /// Whether it calls a function that has a checked variant.
    unchecked: bool,
    /// Whether there are enough names to conclude from an absence.
    pub(super) complete: bool,
}

impl Calls {
    /// Reads the names of an image. `linked` means that the C library is a shared one, so that
    /// calls of its functions are imports, which no strip removes.
    pub(super) fn of(image: &Image<'_>, linked: bool) -> Self {
        let file = image.object();
        let mut calls = Self::default();
        let mut budget = image.limits().max_inflated;
        let mut imports = false;
        let mut whole = true;
        let dynamic = dynamic_symbols(image).map(|symbol| (symbol.name, symbol.is_undefined, true));
        let own = file
            .symbols()
            .map(|symbol| (symbol.name_bytes().unwrap_or_default(), symbol.is_undefined(), false));
        for (name, is_undefined, is_dynamic) in dynamic.chain(own) {
            // Names may overlap: in a small file, they can have a large total length.
            let Some(left) = budget.checked_sub(name.len() as u64) else {
                whole = false;
                break;
            };
            budget = left;
            imports |= is_undefined && !name.is_empty();
            let called = is_undefined || !linked && !is_dynamic;
            calls.note(plain(name, image.format()), called);
        }
        let names = if linked { imports } else { file.symbols().next().is_some() };
        calls.complete = whole && names;
        calls
    }

    fn note(&mut self, name: &[u8], called: bool) {
        if self.protector.is_none() && PROTECTOR.iter().any(|known| known.as_bytes() == name) {
            self.protector = Some(String::from_utf8_lossy(name).into_owned());
        }
        if !called {
            return;
        }
        match checked_variant(name) {
            Some(base) if is_fortifiable(base) => {
                self.checked += 1;
                self.first_checked
                    .get_or_insert_with(|| String::from_utf8_lossy(name).into_owned());
            }
            _ => self.unchecked |= is_fortifiable(name),
        }
    }

    pub(super) fn stack_protector(&self) -> Defense {
        match &self.protector {
            Some(name) => Defense::new(TriState::Yes, format!("refers to {name}")),
            None if self.complete => Defense::new(TriState::No, "no symbol of a stack protector"),
            None => Defense::new(TriState::Unknown, "no symbols to tell by"),
        }
    }

    pub(super) fn fortify(&self) -> Defense {
        match (&self.first_checked, self.unchecked) {
            (Some(name), _) if self.checked == 1 => {
                Defense::new(TriState::Yes, format!("calls {name}"))
            }
            (Some(name), _) => {
                let more = self.checked - 1;
                Defense::new(
                    TriState::Yes,
                    format!("calls {name} and {more} more checked functions"),
                )
            }
            (None, _) if !self.complete => Defense::new(TriState::Unknown, "no symbols to tell by"),
            (None, true) => Defense::new(TriState::No, "calls no checked function"),
            (None, false) => {
                let why = "calls no function that has a checked variant";
                Defense::new(TriState::NotApplicable, why)
            }
        }
    }
}

/// A name without a platform's underscore and without an ELF symbol's version.
fn plain(name: &[u8], format: Format) -> &[u8] {
    match format {
        Format::MachO => name.strip_prefix(b"_").unwrap_or(name),
        Format::Elf => name.split(|byte| *byte == b'@').next().unwrap_or_default(),
        // Three underscores: 32-bit x86 adds one.
        Format::Pe if name.starts_with(b"___") => name.get(1..).unwrap_or_default(),
        Format::Pe => name,
    }
}

/// Converts `__memcpy_chk` to `memcpy`.
fn checked_variant(name: &[u8]) -> Option<&[u8]> {
    let base = name.strip_prefix(b"__")?.strip_suffix(b"_chk")?;
    // `____longjmp_chk`
    Some(base.strip_prefix(b"__").unwrap_or(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(names: &[&str], complete: bool) -> Calls {
        let mut calls = Calls { complete, ..Calls::default() };
        names.iter().for_each(|name| calls.note(name.as_bytes(), true));
        calls
    }

    #[test]
    fn names_answer() {
        use TriState::{No, NotApplicable, Unknown, Yes};
        let cases: [(&[&str], bool, TriState, TriState); 7] = [
            (&["__stack_chk_fail", "__memcpy_chk"], true, Yes, Yes),
            (&["memcpy", "__printf_chk"], true, No, Yes),
            (&["____longjmp_chk"], false, Unknown, Yes),
            (&["memcpy"], true, No, No),
            (&["memcpy"], false, Unknown, Unknown),
            (&["exit", "__cxa_chk", "__chk"], true, No, NotApplicable),
            (&[], false, Unknown, Unknown),
        ];
        for (names, complete, protector, fortify) in cases {
            let calls = calls(names, complete);
            assert_eq!(calls.stack_protector().answer, protector, "{names:?}");
            assert_eq!(calls.fortify().answer, fortify, "{names:?}");
        }
        let two = calls(&["__read_chk", "__fdelt_chk"], true).fortify();
        assert_eq!(two.evidence, "calls __read_chk and 1 more checked functions");
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(FORTIFIABLE.is_sorted());
    }

    #[test]
    fn decorations_are_taken_off() {
        assert_eq!(plain(b"___memcpy_chk", Format::MachO), b"__memcpy_chk");
        assert_eq!(plain(b"memcpy@GLIBC_2.14", Format::Elf), b"memcpy");
        assert_eq!(plain(b"__memcpy_chk", Format::Pe), b"__memcpy_chk");
        assert_eq!(plain(b"___memcpy_chk", Format::Pe), b"__memcpy_chk");
    }
}
