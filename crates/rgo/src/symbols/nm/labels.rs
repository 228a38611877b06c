//! The lines and words by which `nm` says which object symbols are of.
//!
//! ```text
//! bsd       an empty line, `member.o:`              -A   lib.a:member.o:
//! posix     `lib.a[member.o]:`                      -A   lib.a[member.o]: (and a blank)
//! sysv      `Symbols from lib.a[member.o]:`         -A   lib.a:member.o:
//! ```

use std::path::Path;

use rgo_debuginfo::nm::NmFormat;

/// Where an object is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) file: &'a Path,
    /// Its name in an archive.
    pub(super) member: Option<&'a str>,
    /// Its architecture, if others of the file are listed too.
    pub(super) arch: Option<&'a str>,
}

impl Place<'_> {
    /// Its own name, for messages.
    pub(super) fn name(&self) -> String {
        let name = match self.member {
            Some(member) => member.to_owned(),
            None => self.file.display().to_string(),
        };
        name + &self.architecture()
    }

    fn architecture(&self) -> String {
        self.arch.map(|arch| format!(" (for architecture {arch})")).unwrap_or_default()
    }

    /// `lib.a[member.o]`, or the file.
    fn bracketed(&self) -> String {
        match self.member {
            Some(member) => format!("{}[{member}]", self.file.display()),
            None => self.file.display().to_string(),
        }
    }
}

/// The line above an archive, if there are several files.
pub(super) fn archive(place: &Place<'_>, format: NmFormat, is_headed: bool) -> String {
    match format {
        NmFormat::Bsd | NmFormat::Names if is_headed => format!("\n{}:\n", place.file.display()),
        _ => String::new(),
    }
}

/// The lines above an object's symbols. `is_named` says whether they name it where a format leaves that open:
/// with `-A` each symbol does.
pub(super) fn object(
    place: &Place<'_>,
    format: NmFormat,
    is_named: bool,
    undefined: bool,
) -> String {
    match format {
        NmFormat::SystemV => {
            let what = if undefined { "Undefined symbols" } else { "Symbols" };
            format!("\n\n{what} from {}{}:\n\n", place.bracketed(), place.architecture())
        }
        _ if !is_named => String::new(),
        NmFormat::Posix => format!("{}{}:\n", place.bracketed(), place.architecture()),
        NmFormat::Bsd | NmFormat::Names => format!("\n{}:\n", place.name()),
    }
}

/// The words before each symbol with `-A`.
pub(super) fn prefix(place: &Place<'_>, format: NmFormat) -> String {
    let arch = place.arch.map(|arch| format!("(for architecture {arch}):")).unwrap_or_default();
    match (format, place.member) {
        (NmFormat::Posix, _) => format!("{arch}{}: ", place.bracketed()),
        (_, Some(member)) => format!("{arch}{}:{member}:", place.file.display()),
        (_, None) => format!("{arch}{}:", place.file.display()),
    }
}
