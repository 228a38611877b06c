//! Translates the options of GNU's linker for Windows for `lld-link`. rustc and crates pass the
//! former, and zig's front end accepts only a few of them.
//!
//! ```text
//! --heap 9                                          -HEAP:9
//! --gc-sections                                     -OPT:REF -OPT:NOICF
//! --major-os-version=6 --minor-os-version=1         -OSVERSION:6.1
//! --subsystem=windows --major-subsystem-version=6   -SUBSYSTEM:windows,6.0
//! ```
//!
//! (`ld(1)` of GNU binutils, "i386 PE"; LLD, "MinGW driver")

use super::link_request::LinkRequest;

/// Makes `lld-link` export only the names that the link lists.
pub(super) const NO_EXPORTS: &str = "-EXCLUDE-ALL-SYMBOLS";

/// The words of `lld-link` for an option of GNU's linker; `None` leaves the option to zig.
pub(super) fn words(name: &str, value: Option<&str>) -> Option<Vec<String>> {
    let value = value.unwrap_or_default();
    let one = |text: String| Some(vec![text]);
    match name.trim_start_matches('-') {
        "heap" => one(format!("-HEAP:{value}")),
        // zig accepts a stack size only without a commit size, and a subsystem only without a
        // version.
        "stack" if value.contains(',') => one(format!("-STACK:{value}")),
        "subsystem" if value.contains(':') => {
            one(format!("-SUBSYSTEM:{}", value.replace(':', ",")))
        }
        "wrap" => one(format!("-WRAP:{value}")),
        "file-alignment" => one(format!("-FILEALIGN:{value}")),
        "section-alignment" => one(format!("-ALIGN:{value}")),
        "disable-dynamicbase" => one("-DYNAMICBASE:NO".to_owned()),
        "disable-nxcompat" => one("-NXCOMPAT:NO".to_owned()),
        "disable-high-entropy-va" => one("-HIGHENTROPYVA:NO".to_owned()),
        "enable-auto-import" => one("-AUTO-IMPORT".to_owned()),
        "disable-auto-import" => one("-AUTO-IMPORT:NO".to_owned()),
        "enable-runtime-pseudo-reloc" => one("-RUNTIME-PSEUDO-RELOC".to_owned()),
        "disable-runtime-pseudo-reloc" => one("-RUNTIME-PSEUDO-RELOC:NO".to_owned()),
        "kill-at" => one("-KILL-AT".to_owned()),
        "image-base" => one(format!("-BASE:{value}")),
        "delayload" => one(format!("-DELAYLOAD:{value}")),
        "Map" => one(format!("-LLDMAP:{value}")),
        "pdb" => one(format!("-PDB:{value}")),
        "icf" => one(format!("-OPT:{}", if value == "none" { "NOICF" } else { "ICF" })),
        // zig makes LLD write debug data, and LLD then keeps unused code by default.
        "gc-sections" => Some(vec!["-OPT:REF".to_owned(), "-OPT:NOICF".to_owned()]),
        "export-all-symbols" => one("-EXPORT-ALL-SYMBOLS".to_owned()),
        "exclude-all-symbols" => one(NO_EXPORTS.to_owned()),
        "exclude-symbols" => one(format!("-EXCLUDE-SYMBOLS:{value}")),
        "large-address-aware" => one("-LARGEADDRESSAWARE".to_owned()),
        "no-insert-timestamp" => one("-TIMESTAMP:0".to_owned()),
        "guard-cf" => one("-GUARD:CF".to_owned()),
        "appcontainer" => one("-APPCONTAINER".to_owned()),
        "allow-multiple-definition" => one("-FORCE:MULTIPLE".to_owned()),
        "require-defined" => one(format!("-INCLUDE:{value}")),
        "fatal-warnings" => one("-WX".to_owned()),
        "Xlink" => one(value.to_owned()),
        _ => None,
    }
}

/// The versions for the PE header. GNU's linker takes each number by an option of its own.
#[derive(Debug, Default)]
pub(super) struct Versions {
    os: Numbers,
    subsystem: Numbers,
}

#[derive(Debug, Default)]
struct Numbers {
    major: Option<String>,
    minor: Option<String>,
}

impl Numbers {
    /// The version, if the command sets at least one number. The other number is LLD's default.
    fn version(&self) -> Option<String> {
        if self.major.is_none() && self.minor.is_none() {
            return None;
        }
        let number = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        Some(format!("{}.{}", number(&self.major, "6"), number(&self.minor, "0")))
    }
}

impl Versions {
    /// Takes an option that sets one of the numbers. Returns whether it does.
    pub(super) fn take(&mut self, name: &str, value: &str) -> bool {
        let number = match name {
            "major-os-version" => &mut self.os.major,
            "minor-os-version" => &mut self.os.minor,
            "major-subsystem-version" => &mut self.subsystem.major,
            "minor-subsystem-version" => &mut self.subsystem.minor,
            _ => return false,
        };
        *number = Some(value.to_owned());
        true
    }

    /// The options of `lld-link` for the versions. Records the request in `asked`.
    pub(super) fn words(&self, asked: &mut LinkRequest) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(version) = self.os.version() {
            words.push(format!("-OSVERSION:{version}"));
            asked.os_version = Some(version);
        }
        if let Some(version) = self.subsystem.version() {
            // With `default`, LLD infers the subsystem from the entry point.
            let name = asked.subsystem.as_deref().unwrap_or("default");
            words.push(format!("-SUBSYSTEM:{name},{version}"));
            asked.subsystem_version = Some(version);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_versions() {
        for (given, subsystem, expected) in [
            (&[][..], None, &[][..]),
            (&[("major-os-version", "10")], None, &["-OSVERSION:10.0"]),
            (&[("minor-os-version", "1"), ("major-os-version", "5")], None, &["-OSVERSION:5.1"]),
            (&[("minor-subsystem-version", "2")], None, &["-SUBSYSTEM:default,6.2"]),
            (&[("major-subsystem-version", "6")], Some("windows"), &["-SUBSYSTEM:windows,6.0"]),
        ] {
            let mut versions = Versions::default();
            for (name, value) in given {
                assert!(versions.take(name, value), "{name}");
            }
            let mut asked =
                LinkRequest { subsystem: subsystem.map(str::to_owned), ..LinkRequest::default() };
            assert_eq!(versions.words(&mut asked), expected, "{given:?}");
        }
        assert!(!Versions::default().take("major-image-version", "1"));
    }
}
