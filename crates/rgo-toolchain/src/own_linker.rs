//! Finds the platform's own linker for the toolchains that zig does not link: Microsoft's. On
//! Windows rustc finds it by itself. Other systems have none, unless the user names one.

use camino::Utf8PathBuf;

use crate::toolchain::Toolchain;

/// The error that no linker on this machine can link for a toolchain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Microsoft's linker runs on Windows alone")]
pub struct NoLinker {
    /// A toolchain for the same system and processor that does not need this linker.
    other: String,
    triple: String,
}

impl NoLinker {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let Self { other, triple } = self;
        Some(format!(
            "build on Windows, or for {other}, or by cargo-xwin, which brings Microsoft's headers and libraries under \
             Microsoft's license and needs clang: `cargo install cargo-xwin`, then `cargo xwin build --release \
             --target {triple}`; or name a linker such as lld-link in cargo's configuration: target.{triple}.linker"
        ))
    }
}

/// Describes the linker for a toolchain. `named` is the linker in the user's configuration, `host`
/// is this machine's system in rgo's notation.
///
/// # Errors
/// [`NoLinker`].
pub fn find(
    toolchain: &Toolchain,
    named: Option<&str>,
    host: &str,
    program: &dyn Fn(&str) -> Option<Utf8PathBuf>,
) -> Result<String, NoLinker> {
    // rustc's default. A Windows program can be on PATH of a Linux system too.
    const DEFAULT: &str = "link.exe";
    if let Some(named) = named {
        return Ok(format!("{named}, which cargo's configuration names"));
    }
    if toolchain.os.name() == host {
        return Ok("Microsoft's, which rustc finds by itself".to_owned());
    }
    program(DEFAULT).map(Utf8PathBuf::into_string).ok_or_else(|| NoLinker {
        other: format!("{}/{}", toolchain.os, toolchain.arch),
        triple: toolchain.triple.clone(),
    })
}

/// Whether these rustflags name a linker.
#[must_use]
pub fn is_named_by(rustflags: &[String]) -> bool {
    rustflags.iter().any(|flag| flag.trim_start_matches("-C").trim_start().starts_with("linker="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    #[test]
    fn a_linker_of_microsofts_is_windows_own_or_named() {
        let msvc = by_name("windows-amd64-msvc-static").unwrap();
        let none = |_: &str| None;
        let there = |name: &str| Some(Utf8PathBuf::from(format!("/mnt/c/{name}")));
        assert!(find(msvc, None, "windows", &none).is_ok());
        assert_eq!(find(msvc, None, "linux", &there).as_deref(), Ok("/mnt/c/link.exe"));
        let named = find(msvc, Some("lld-link"), "linux", &none);
        assert!(named.is_ok_and(|words| words.starts_with("lld-link")));
        let error = find(msvc, None, "linux", &none).unwrap_err();
        assert_eq!(error.to_string(), "Microsoft's linker runs on Windows alone");
        let hint = error.hint().unwrap();
        for words in [
            "windows/amd64,",
            "cargo xwin build --release --target x86_64-pc-windows-msvc`",
            "target.x86_64-pc-windows-msvc.linker",
        ] {
            assert!(hint.contains(words), "{hint}");
        }
    }

    #[test]
    fn flags_that_name_a_linker_are_known() {
        for (flags, expected) in [
            (&["-Clinker=lld-link"][..], true),
            (&["-C", "linker=lld-link"], true),
            (&["-Clinker-flavor=lld-link"], false),
            (&["-Clink-arg=linker=x", "--cfg", "x"], false),
        ] {
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            assert_eq!(is_named_by(&flags), expected, "{flags:?}");
        }
    }
}
