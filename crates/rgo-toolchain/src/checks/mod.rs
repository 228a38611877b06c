//! Compares the finished file with the user's request. The worst failure of a build is to succeed
//! with another result than the user asked for, because that result ships.

use rgo_binary::system::Os;
pub mod leaks;

use crate::system::{self, LibraryOrigin};
use crate::toolchain::{Floor, Libc, Toolchain};
use rgo_binary::{Kind, Linkage, Version};
use serde::Serialize;

/// A difference between request and result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// Whether it violates the request or only deserves a look.
    pub level: Level,
    /// What was expected and what was found.
    pub text: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Ends the run with 3.
    Error,
    /// Is reported.
    Warning,
}

/// The user's request for one file.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The toolchain.
    pub toolchain: &'a Toolchain,
    /// The oldest system that it must run on.
    pub floor: Option<&'a Floor>,
    /// Whether it must be a static position-independent executable.
    pub static_pie: bool,
}

/// Compares the request with the parts of the file that the loader reads.
#[must_use]
pub fn judge(asked: &Asked<'_>, linkage: &Linkage) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |level, text: String| findings.push(Finding { level, text });

    if asked.toolchain.is(Os::Linux) && asked.toolchain.libc == [Libc::Static] {
        if let Some(interpreter) = &linkage.interpreter {
            add(Level::Error, format!("asked for static, but it starts by {interpreter}"));
        }
        if !linkage.needed.is_empty() {
            add(
                Level::Error,
                format!("asked for static, but it needs {}", linkage.needed.join(", ")),
            );
        }
        if asked.static_pie && linkage.kind != Kind::StaticPie {
            add(Level::Error, format!("asked for static-pie, but it is {}", name(linkage.kind)));
        }
    }
    if let (Some(Floor::Glibc(asked)), Some(found)) = (asked.floor, &linkage.glibc_floor)
        && asked.parse::<Version>().is_ok_and(|asked| found.version > asked)
    {
        let causes = found.causes(usize::MAX);
        add(
            Level::Error,
            format!("asked for glibc {asked}, but it needs {}: {causes}", found.version),
        );
    }
    if let (Some(Floor::Macos(asked)), Some(found)) = (asked.floor, &linkage.macos_min)
        && asked.parse::<Version>().is_ok_and(|asked| *found > asked)
    {
        add(Level::Error, format!("asked for macOS {asked}, but it needs {found}"));
    }
    for library in &linkage.needed {
        match system::origin(asked.toolchain, library) {
            LibraryOrigin::System => {}
            LibraryOrigin::Compiler => add(
                Level::Error,
                format!("it needs {library}, which comes with a compiler and not with the system"),
            ),
            LibraryOrigin::Other => add(
                Level::Warning,
                format!("it needs {library}, which is not part of the system: ship it beside"),
            ),
        }
    }
    findings
}

/// The kind in words.
#[must_use]
pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Executable => "not position-independent",
        Kind::Pie => "a dynamic PIE",
        Kind::StaticExecutable => "static at a fixed address",
        Kind::StaticPie => "static-pie",
        Kind::SharedLibrary => "a shared library",
        Kind::Object => "an object file",
        Kind::DebugCompanion => "debug data alone",
        Kind::Other => "of another kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain;
    use rgo_binary::GlibcFloor;

    fn linkage(kind: Kind, needed: &[&str]) -> Linkage {
        Linkage {
            needed: needed.iter().map(|name| (*name).to_owned()).collect(),
            static_: needed.is_empty(),
            ..Linkage::empty(kind)
        }
    }

    fn words(toolchain: &str, floor: Option<Floor>, found: &Linkage) -> String {
        let toolchain = toolchain::by_name(toolchain).expect("a toolchain");
        let static_pie = toolchain.static_pie;
        let asked = Asked { toolchain, floor: floor.as_ref(), static_pie };
        judge(&asked, found)
            .iter()
            .map(|finding| format!("{:?}: {}\n", finding.level, finding.text))
            .collect()
    }

    #[test]
    fn a_static_program_needs_nothing() {
        let good = linkage(Kind::StaticPie, &[]);
        assert_eq!(words("linux-amd64-static", None, &good), "");
        let mut bad = linkage(Kind::Pie, &["libc.so.6"]);
        bad.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into());
        let found = words("linux-amd64-static", None, &bad);
        for expected in ["starts by /lib64/ld", "needs libc.so.6", "it is a dynamic PIE"] {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn floors_are_compared_as_numbers() {
        let mut found = linkage(Kind::Pie, &["libc.so.6"]);
        found.glibc_floor = Some(GlibcFloor {
            version: "2.9".parse().expect("a version"),
            symbols: vec!["old".into()],
            markers: Vec::new(),
        });
        let floor = || Some(Floor::Glibc("2.17".into()));
        assert_eq!(words("linux-amd64", floor(), &found), "");
        found.glibc_floor = Some(GlibcFloor {
            version: "2.28".parse().expect("a version"),
            symbols: vec!["statx".into()],
            markers: Vec::new(),
        });
        let words = words("linux-amd64", floor(), &found);
        assert!(words.contains("asked for glibc 2.17, but it needs 2.28: statx"), "{words}");
    }

    #[test]
    fn a_library_that_the_system_lacks_is_found() {
        for (toolchain, library, expected) in [
            ("windows-amd64", "KERNEL32.dll", ""),
            ("windows-amd64", "libwinpthread-1.dll", "Error"),
            ("windows-amd64-msvc", "VCRUNTIME140.dll", ""),
            ("windows-amd64", "mine.dll", "Warning"),
            ("linux-amd64", "libgcc_s.so.1", "Error"),
            ("darwin-arm64", "@rpath/libx.dylib", "Warning"),
        ] {
            let found = words(toolchain, None, &linkage(Kind::Pie, &[library]));
            assert!(
                found.starts_with(expected) && found.is_empty() == expected.is_empty(),
                "{library}: {found}"
            );
        }
    }
}
