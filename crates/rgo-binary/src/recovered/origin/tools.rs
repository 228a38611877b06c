//! Recognizes compilers, assemblers and linkers by their signatures in `.comment`, in DWARF
//! producers, and in MinGW's constants.

use std::fmt;

use serde::{Serialize, Serializer};

use super::languages::Language;
use crate::Evidence;

/// The role of a tool.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ToolRole {
    /// Compiles source.
    Compiler,
    /// Assembles.
    Assembler,
    /// Links the image.
    Linker,
    /// Converts resources, libraries or profiles.
    Other,
}

/// A tool that made a part of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ToolUse {
    /// Its role.
    pub role: ToolRole,
    /// Its name: `rustc`, `GCC`, `clang`, `lld`.
    pub name: String,
    /// Its version; `None` if its signature has none.
    pub version: Option<String>,
    /// The places of its signature.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    #[schemars(schema_with = "crate::evidence::all_schema")]
    pub evidence: Vec<Evidence>,
}

impl fmt::Display for ToolUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, " {version}"))
    }
}

/// A parsed signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) role: ToolRole,
    pub(super) name: &'static str,
    pub(super) version: Option<String>,
    /// The language, if the tool has only one.
    pub(super) language: Option<Language>,
}

/// Texts before a version. The first match counts: the signatures of rustc and Apple's tools also
/// contain those of the compilers on which they are based.
const SIGNATURES: [(&str, ToolRole, &str, Option<Language>); 18] = [
    ("rustc version ", ToolRole::Compiler, "rustc", Some(Language::Rust)),
    ("Apple Swift version ", ToolRole::Compiler, "swiftc", Some(Language::Swift)),
    ("Swift version ", ToolRole::Compiler, "swiftc", Some(Language::Swift)),
    ("Go cmd/compile ", ToolRole::Compiler, "Go", Some(Language::Go)),
    ("Apple clang version ", ToolRole::Compiler, "Apple clang", None),
    ("Apple LLVM version ", ToolRole::Compiler, "Apple LLVM", None),
    ("clang version ", ToolRole::Compiler, "clang", None),
    ("LLD ", ToolRole::Linker, "lld", None),
    ("mold ", ToolRole::Linker, "mold", None),
    ("Wild version ", ToolRole::Linker, "wild", None),
    ("GNU AS ", ToolRole::Assembler, "GNU as", Some(Language::Assembly)),
    ("zig ", ToolRole::Compiler, "zig", Some(Language::Zig)),
    ("LDC ", ToolRole::Compiler, "ldc", Some(Language::D)),
    ("Digital Mars D v", ToolRole::Compiler, "dmd", Some(Language::D)),
    ("The Glorious Glasgow Haskell Compilation System ", ToolRole::Compiler, "ghc", None),
    ("FPC ", ToolRole::Compiler, "fpc", Some(Language::Pascal)),
    ("Free Pascal ", ToolRole::Compiler, "fpc", Some(Language::Pascal)),
    ("NASM ", ToolRole::Assembler, "nasm", Some(Language::Assembly)),
];

/// The second word in the signatures of GCC's front ends, without the edition:
/// `GNU C++17 12.2.0 -mtune=generic`.
const FRONT_ENDS: [(&str, Option<Language>); 8] = [
    ("C++", Some(Language::Cpp)),
    ("C", Some(Language::C)),
    ("Fortran", Some(Language::Fortran)),
    ("Ada", Some(Language::Ada)),
    ("Go", Some(Language::Go)),
    ("D", Some(Language::D)),
    ("Modula-2", None),
    ("GIMPLE", None),
];

/// Parses a signature; `None` if no known tool writes it.
pub(super) fn identify(text: &str) -> Option<Identity> {
    let text = text.trim();
    let signed = SIGNATURES.iter().find_map(|(words, role, name, language)| {
        let version = version(after(text, words)?)?;
        Some(Identity { role: *role, name, version: Some(version), language: *language })
    });
    signed.or_else(|| gcc_comment(text)).or_else(|| gcc_front_end(text))
}

/// The text behind `words`, if they start at a word boundary.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let (before, rest) = text.split_once(words)?;
    before.chars().next_back().is_none_or(|last| !last.is_alphanumeric()).then_some(rest)
}

/// The first word, if it starts like a version.
fn version(text: &str) -> Option<String> {
    let text = text.strip_prefix("devel ").filter(|text| text.starts_with("go")).unwrap_or(text);
    let end = text.find(|c: char| c.is_whitespace() || ",;()".contains(c)).unwrap_or(text.len());
    let word = text.get(..end)?.trim_end_matches(':');
    let digits = word.strip_prefix("go").or_else(|| word.strip_prefix('v')).unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()).then(|| without_experiments(word).to_owned())
}

/// The version in Go's name for its toolchain.
pub(super) fn go_version(toolchain: &str) -> String {
    version(toolchain).unwrap_or_else(|| toolchain.to_owned())
}

/// A Go version without its experiments: build information has them, debug data does not.
fn without_experiments(version: &str) -> &str {
    version.split_once("-X:").map_or(version, |(version, _)| version)
}

/// Parses `GCC: (Debian 12.2.0-14) 12.2.0`: the packager is in parentheses, which may be nested.
fn gcc_comment(text: &str) -> Option<Identity> {
    let rest = text.strip_prefix("GCC: ")?;
    let mut depth = 0_usize;
    let end = rest.find(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && c.is_ascii_digit(),
        }
        false
    });
    let version = end.and_then(|end| version(rest.get(end..)?));
    Some(Identity { role: ToolRole::Compiler, name: "GCC", version, language: None })
}

fn gcc_front_end(text: &str) -> Option<Identity> {
    let rest = text.strip_prefix("GNU ")?;
    let (front_end, rest) = rest.split_once(' ')?;
    let bare = front_end.trim_end_matches(|c: char| c.is_ascii_digit());
    let (_, language) = FRONT_ENDS.iter().find(|(name, _)| *name == bare)?;
    let version = version(rest);
    Some(Identity { role: ToolRole::Compiler, name: "GCC", version, language: *language })
}

/// Languages have their common spelling.
impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Language {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Language".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_understood() {
        let cases = [
            ("rustc version 1.88.0 (6b00bc388 2025-06-23)", "rustc", "1.88.0"),
            ("clang LLVM (rustc version 1.81.0 (eeb90cda1 2024-09-04))", "rustc", "1.81.0"),
            ("rustc version 1.96.0-nightly (f5eca4fcf 2026-04-09)", "rustc", "1.96.0-nightly"),
            ("Apple clang version 15.0.0 (clang-1500.3.9.4)", "Apple clang", "15.0.0"),
            ("Ubuntu clang version 14.0.0-1ubuntu1.1", "clang", "14.0.0-1ubuntu1.1"),
            ("clang version 20.1.8 ( 20.1.8-2.module+el8.10.0)", "clang", "20.1.8"),
            ("Linker: LLD 20.1.2 (https://example.org 7ef74e)", "lld", "20.1.2"),
            ("mold 2.30.0 (compatible with GNU ld)", "mold", "2.30.0"),
            ("Linker: Wild version 0.5.0", "wild", "0.5.0"),
            ("GCC: (Debian 12.2.0-14) 12.2.0", "GCC", "12.2.0"),
            ("GCC: (GNU) 8.5.0 20210514 (Red Hat 8.5.0-28)", "GCC", "8.5.0"),
            ("GCC: (crosstool-NG (x) 1.24) 9.1.0", "GCC", "9.1.0"),
            ("GNU C17 12.2.0 -mtune=generic -O2", "GCC", "12.2.0"),
            ("GNU C++14 10.2.1 20210110", "GCC", "10.2.1"),
            ("GNU AS 2.40", "GNU as", "2.40"),
            ("Go cmd/compile go1.26.5; regabi", "Go", "go1.26.5"),
            ("Go cmd/compile go1.26.5-X:nodwarf5; regabi", "Go", "go1.26.5"),
            ("Go cmd/compile go1.25.1 X:aliastypeparams; regabi", "Go", "go1.25.1"),
            ("Go cmd/compile devel go1.27-3f2a91c Fri; regabi", "Go", "go1.27-3f2a91c"),
            ("zig 0.15.2", "zig", "0.15.2"),
            ("FPC 3.2.2+dfsg-20 [2023/03/30] for x86_64 - Linux", "fpc", "3.2.2+dfsg-20"),
        ];
        for (text, name, version) in cases {
            let found = identify(text).expect(text);
            assert_eq!((found.name, found.version.as_deref()), (name, Some(version)), "{text}");
        }
        let bare = identify("GCC: (GNU)").expect("signed by GCC");
        assert_eq!((bare.name, bare.version), ("GCC", None));
        for text in ["", "GNU ", "GCC", "zig", "rustc version", "my zigzag 1", "LLD x", "hello 1.2"]
        {
            assert_eq!(identify(text), None, "{text}");
        }
    }
}
