//! Recognizes the shared C library of an image, and thereby its system, by the names of loaders and
//! libraries.

use super::Os;
use crate::{Image, Linkage};

/// A loader's or library's name, its system and its C library. A `*` stands for any text.
type KnownLibrary = (&'static str, Os, Option<&'static str>);

/// Interpreters. The first match counts.
const INTERPRETERS: [KnownLibrary; 29] = [
    ("*ld-linux*", Os::Linux, Some("glibc")),
    ("*ld-musl-*", Os::Linux, Some("musl")),
    ("*-uClibc.so*", Os::Linux, Some("uClibc")),
    ("/lib/klibc-*", Os::Linux, Some("klibc")),
    ("/lib64/ld64.so.*", Os::Linux, Some("glibc")),
    ("/system/bin/linker*", Os::Android, Some("bionic")),
    ("/system/bin/bootstrap/linker*", Os::Android, Some("bionic")),
    ("/apex/com.android.*", Os::Android, Some("bionic")),
    ("/libexec/ld-elf*", Os::FreeBsd, None),
    ("/usr/libexec/ld-elf.so.2", Os::DragonFly, None),
    ("/usr/libexec/ld-elf*", Os::FreeBsd, None),
    ("/libexec/ld.elf_so", Os::NetBsd, None),
    ("/usr/libexec/ld.elf_so", Os::NetBsd, None),
    ("/usr/libexec/ld.so", Os::OpenBsd, None),
    ("/lib/64/ld.so.1", Os::Solaris, None),
    ("/lib/amd64/ld.so.1", Os::Solaris, None),
    ("/lib/sparcv9/ld.so.1", Os::Solaris, None),
    ("/usr/lib/64/ld.so.1", Os::Solaris, None),
    ("/usr/lib/amd64/ld.so.1", Os::Solaris, None),
    ("/usr/lib/sparcv9/ld.so.1", Os::Solaris, None),
    ("/usr/lib/ld.so.1", Os::Solaris, None),
    ("/system/runtime_loader", Os::Haiku, None),
    ("ld.so.1", Os::Fuchsia, None),
    ("/usr/lib/ldqnx*", Os::Qnx, None),
    ("/lib/ld-x86-64.so.1", Os::Hurd, Some("glibc")),
    ("/usr/lib/Loader.so", Os::Serenity, None),
    ("/lib/rld", Os::Irix, None),
    ("/lib32/rld", Os::Irix, None),
    ("/lib64/rld", Os::Irix, None),
];

/// On s390x, `/lib/ld64.so.1` is glibc's loader; elsewhere only Redox uses it.
const SHARED_NAME: &str = "/lib/ld64.so.1";

/// Libraries that an image needs. The first match counts.
const LIBRARIES: [KnownLibrary; 15] = [
    ("libroot.so", Os::Haiku, None),
    ("libzircon.so", Os::Fuchsia, None),
    ("*ld-linux*", Os::Linux, Some("glibc")),
    ("*ld-musl-*", Os::Linux, Some("musl")),
    ("*-uClibc.so*", Os::Linux, Some("uClibc")),
    ("libc.musl-*", Os::Linux, Some("musl")),
    ("libc.so.6", Os::Linux, Some("glibc")),
    // glibc's on Alpha and Itanium.
    ("libc.so.6.1", Os::Linux, Some("glibc")),
    ("ld64.so.*", Os::Linux, Some("glibc")),
    ("libc.so.0", Os::Linux, Some("uClibc")),
    ("libc.so.0.3", Os::Hurd, Some("glibc")),
    ("libc.so.1", Os::Solaris, None),
    ("libc.so.7", Os::FreeBsd, None),
    ("libc.so.8", Os::DragonFly, None),
    ("libc.so.12", Os::NetBsd, None),
];

/// The library name of both musl and bionic. musl has everything in one library; bionic does not.
const BARE_LIBC: &str = "libc.so";
const OTHERS_OF_BIONIC: [&str; 5] =
    ["libandroid.so", "libdl.so", "liblog.so", "libm.so", "libstdc++.so"];

/// A C library that an image requests from its loader.
pub(crate) struct CLibrary<'l> {
    /// Its name; if it has none of its own, its system's name.
    pub(crate) name: &'static str,
    /// Its system.
    pub(crate) os: Os,
    /// The evidence: an interpreter, a library, or symbol versions.
    pub(crate) found: &'l str,
}

/// The C library that an ELF image requests; `None` if it requests no known one.
pub(crate) fn c_library<'l>(image: &Image<'_>, linkage: &'l Linkage) -> Option<CLibrary<'l>> {
    let library = |(_, os, name): &KnownLibrary, found| {
        let name = name.unwrap_or(os.name());
        CLibrary { name, os: *os, found }
    };
    if let Some(interpreter) = linkage.interpreter.as_deref() {
        if interpreter == SHARED_NAME {
            let is_glibc = image.arch().to_string() == "s390x";
            let (os, name) = if is_glibc { (Os::Linux, "glibc") } else { (Os::Redox, "relibc") };
            return Some(CLibrary { name, os, found: interpreter });
        }
        if let Some(known) = INTERPRETERS.iter().find(|(name, ..)| fits(name, interpreter)) {
            return Some(library(known, interpreter));
        }
    }
    let needed = || linkage.needed.iter().map(String::as_str);
    let known = LIBRARIES.iter().find_map(|known| {
        let found = needed().find(|library| fits(known.0, base(library)))?;
        Some(library(known, found))
    });
    if known.is_some() {
        return known;
    }
    if linkage.glibc_floor.is_some() {
        return Some(CLibrary { name: "glibc", os: Os::Linux, found: "GLIBC symbol versions" });
    }
    if let Some(found) = needed().find(|name| is_openbsd_libc(base(name))) {
        return Some(CLibrary { name: Os::OpenBsd.name(), os: Os::OpenBsd, found });
    }
    let found = needed().find(|name| *name == BARE_LIBC)?;
    let is_bionic = needed().any(|name| OTHERS_OF_BIONIC.contains(&name));
    let (name, os) = if is_bionic { ("bionic", Os::Android) } else { ("musl", Os::Linux) };
    Some(CLibrary { name, os, found })
}

/// Prefixes of DLL names, in lower case.
const DLLS: [(&str, &str); 3] =
    [("api-ms-win-crt-", "UCRT"), ("ucrtbase", "UCRT"), ("msvcrt.dll", "msvcrt")];

/// The C library among the DLLs that an image needs, with the DLL's name.
pub(crate) fn dll(linkage: &Linkage) -> Option<(&'static str, &str)> {
    linkage.needed.iter().find_map(|library| {
        let name = library.to_lowercase();
        let (_, libc) = DLLS.iter().find(|(start, _)| name.starts_with(start))?;
        Some((*libc, library.as_str()))
    })
}

pub(crate) fn place_of(linkage: &Linkage, what: &str) -> &'static str {
    if linkage.interpreter.as_deref() == Some(what) { "interpreter" } else { "needed library" }
}

fn base(library: &str) -> &str {
    library.rsplit('/').next().unwrap_or(library)
}

/// Matches `libc.so.97.1`: the numbers grow with every release.
fn is_openbsd_libc(name: &str) -> bool {
    let numbers = name.strip_prefix("libc.so.").and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| {
        [major, minor]
            .iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether a name matches a pattern, which may begin and end with a `*` for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let (open_start, rest) = pattern.strip_prefix('*').map_or((false, pattern), |it| (true, it));
    let (open_end, text) = rest.strip_suffix('*').map_or((false, rest), |it| (true, it));
    match (open_start, open_end) {
        (false, false) => name == text,
        (false, true) => name.starts_with(text),
        (true, false) => name.ends_with(text),
        (true, true) => name.contains(text),
    }
}

/// All names of C libraries in the tables.
#[cfg(test)]
pub(crate) fn names_of_c_libraries() -> impl Iterator<Item = &'static str> {
    let makers = INTERPRETERS.iter().chain(&LIBRARIES);
    let makers = makers.map(|(_, os, name)| name.unwrap_or(os.name()));
    let others = ["bionic", "musl", "relibc", Os::OpenBsd.name()];
    makers.chain(DLLS.iter().map(|(_, name)| *name)).chain(others)
}
