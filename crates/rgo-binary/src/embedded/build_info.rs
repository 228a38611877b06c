//! Parses and prints the text of a build record. Go writes it into every program
//! (`runtime/debug.BuildInfo`, printed by `go version -m`). rgo writes the same grammar into its
//! note, so that one parser reads both.
//!
//! ```text
//! rgo     <rgo's version>  <compiler>       only in rgo's notes; Go stores it outside the text
//! path    <import or crate path>
//! mod     <name>  <version>  <sum>
//! dep     <name>  <version>  <sum>
//! =>      <name>  <version>  <sum>          what replaces the module of the line before
//! build   <key>=<value>                     either side in Go's quotes where it needs them
//! ```
//!
//! One tab separates words, and `\n` ends lines. A sum may be missing. The parser skips lines of
//! other kinds, as Go's own parser does, so that it can read the text of newer writers.

pub(crate) mod quote;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Error, Result};
use quote::{quoted, unquote_prefix};

/// The inputs and settings of a program's build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BuildInfo {
    /// The compiler: `go1.26.8`, `rustc 1.96.0`. Empty if the record has none.
    pub toolchain: String,
    /// The version of rgo that built it, if rgo did.
    pub rgo: Option<String>,
    /// Path of the main package.
    pub path: String,
    /// The program's own module or package.
    pub main: Option<Module>,
    /// Its dependencies.
    pub deps: Vec<Module>,
    /// Settings of the build, in the order of the text.
    #[serde(serialize_with = "as_objects")]
    #[schemars(with = "Vec<SettingLine<'static>>")]
    pub settings: Vec<(String, String)>,
}

/// A module or package, with its replacement if it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Module {
    /// Its name or path.
    pub path: String,
    /// Its version.
    pub version: String,
    /// A checksum of its source, as its ecosystem writes it; may be empty.
    pub sum: String,
    /// The module that replaces it.
    pub replace: Option<Box<Module>>,
}

impl BuildInfo {
    /// Parses the text of a Go build-info blob or of an rgo note.
    ///
    /// # Errors
    /// [`Error::Malformed`], with the offset of the line in bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let mut info = Self::default();
        let mut last = LastModule::None;
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let bad = |why: &str| Error::malformed("build information", offset as u64, why);
            let bare = line.strip_suffix('\n').unwrap_or(line);
            let (kind, rest) = bare.split_once('\t').unwrap_or((bare, ""));
            match kind {
                "rgo" => {
                    let (rgo, toolchain) = rest.split_once('\t').unwrap_or((rest, ""));
                    info.rgo = Some(rgo.to_owned());
                    toolchain.clone_into(&mut info.toolchain);
                }
                "path" => info.path = rest.to_owned(),
                "mod" => {
                    info.main = Some(Module::parse(rest).ok_or_else(|| bad("not a module"))?);
                    last = LastModule::Main;
                }
                "dep" => {
                    info.deps.push(Module::parse(rest).ok_or_else(|| bad("not a module"))?);
                    last = LastModule::Dep;
                }
                "=>" => {
                    let replaced = match last {
                        LastModule::Main => info.main.as_mut(),
                        LastModule::Dep => info.deps.last_mut(),
                        LastModule::None => None,
                    };
                    let replaced = replaced.ok_or_else(|| bad("replaces no module"))?;
                    let module = Module::parse(rest).ok_or_else(|| bad("not a module"))?;
                    replaced.replace = Some(Box::new(module));
                    last = LastModule::None;
                }
                "build" => info.settings.push(setting(rest).ok_or_else(|| bad("not key=value"))?),
                _ => {}
            }
            offset += line.len();
        }
        Ok(info)
    }

    /// The value of a setting.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// A setting in JSON.
#[derive(Serialize, schemars::JsonSchema)]
struct SettingLine<'a> {
    key: &'a str,
    value: &'a str,
}

/// Serializes as a list of `{"key", "value"}`: a map would lose repeated keys.
fn as_objects<S: Serializer>(
    settings: &[(String, String)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(settings.iter().map(|(key, value)| SettingLine { key, value }))
}

/// The module that a `=>` line would replace.
pub(crate) enum LastModule {
    None,
    Main,
    Dep,
}

impl Module {
    fn parse(words: &str) -> Option<Self> {
        let mut words = words.split('\t');
        let module = Self {
            path: words.next()?.to_owned(),
            version: words.next().unwrap_or_default().to_owned(),
            sum: words.next().unwrap_or_default().to_owned(),
            replace: None,
        };
        words.next().is_none().then_some(module)
    }

    fn write(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{kind}\t{}\t{}", self.path, self.version)?;
        match &self.replace {
            None => write!(f, "\t{}", self.sum)?,
            Some(replacement) => {
                f.write_str("\n")?;
                replacement.write("=>", f)?;
            }
        }
        // As in Go's own texts, an empty line follows a replacement.
        f.write_str("\n")
    }
}

/// The text in this grammar, byte for byte as Go writes it. Only settings can be quoted: a reader
/// would take a tab or line end in a name or version for the end of a word or line.
impl fmt::Display for BuildInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rgo) = &self.rgo {
            writeln!(f, "rgo\t{rgo}\t{}", self.toolchain)?;
        }
        if !self.path.is_empty() {
            writeln!(f, "path\t{}", self.path)?;
        }
        if let Some(main) = &self.main {
            main.write("mod", f)?;
        }
        for dep in &self.deps {
            dep.write("dep", f)?;
        }
        for (key, value) in &self.settings {
            writeln!(f, "build\t{}={}", quoted(key, true), quoted(value, false))?;
        }
        Ok(())
    }
}

/// `key=value`; each side may be quoted.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, rest) = unquote_prefix(text, Some('='))?;
    let value = rest.strip_prefix('=')?;
    let (value, rest) = unquote_prefix(value, None)?;
    (rest.is_empty() && !text.starts_with('=')).then(|| (key.into_owned(), value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_of_go_is_read_and_written_back() {
        let text = "path\texample.com/a/cmd/a\nmod\texample.com/a\t(devel)\t\n\
            dep\texample.com/b\tv1.2.3\th1:aGk=\ndep\texample.com/c\tv1.0.0\n\
            =>\t../c\t(devel)\t\n\nbuild\t-compiler=gc\nbuild\t-ldflags=\"-X main.v=a b\"\n\
            build\tCGO_ENABLED=\nbuild\t\"a=b\"=c=d\n";
        let info = BuildInfo::parse(text).expect("valid");
        assert_eq!(info.path, "example.com/a/cmd/a");
        assert_eq!(info.main.as_ref().expect("there").version, "(devel)");
        assert_eq!(info.deps.len(), 2);
        assert_eq!(info.deps[0].sum, "h1:aGk=");
        assert_eq!(info.deps[1].replace.as_ref().expect("replaced").path, "../c");
        assert_eq!(info.setting("-ldflags"), Some("-X main.v=a b"));
        assert_eq!(info.setting("CGO_ENABLED"), Some(""));
        assert_eq!(info.setting("a=b"), Some("c=d"));
        assert_eq!(info.setting("none"), None);
        assert_eq!(info.to_string(), text);
    }

    #[test]
    fn text_of_rgo_names_its_compiler() {
        let text =
            "rgo\t0.1.0\trustc 1.96.0 (a b)\npath\tdemo\nmod\tdemo\t1.0.0\t\nnews\tof\tlater\n";
        let info = BuildInfo::parse(text).expect("valid");
        assert_eq!(info.rgo.as_deref(), Some("0.1.0"));
        assert_eq!(info.toolchain, "rustc 1.96.0 (a b)");
        assert_eq!(info.to_string(), text.replace("news\tof\tlater\n", ""));
    }

    #[test]
    fn broken_lines_are_named_by_their_offset() {
        let cases = [
            ("path\tx\n=>\ta\tb\tc\n", 7, "replaces no module"),
            ("dep\ta\tb\tc\td\n", 0, "not a module"),
            ("dep\ta\tb\n=>\ta\tb\t\n=>\ta\tb\t\n", 16, "replaces no module"),
            ("build\tx\n", 0, "not key=value"),
            ("build\t=x\n", 0, "not key=value"),
            ("build\tx=\"a\n", 0, "not key=value"),
            ("build\tx=\"a\"b\n", 0, "not key=value"),
        ];
        for (text, offset, why) in cases {
            let error = BuildInfo::parse(text).expect_err(text);
            assert_eq!(error, Error::malformed("build information", offset, why), "{text}");
        }
    }

    prop_compose! {
        fn module()(path in "[a-z./-]{1,8}", version in "[0-9.v]{0,6}", sum in "[a-z0-9:=]{0,8}")
            -> Module { Module { path, version, sum, replace: None } }
    }

    prop_compose! {
        fn replaced()(module in module(), by in prop::option::of(module())) -> Module {
            // The text has no sum for a replaced module.
            let sum = if by.is_some() { String::new() } else { module.sum };
            Module { replace: by.map(Box::new), sum, ..module }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rgo in prop::option::of("[0-9.]{1,6}"),
            toolchain in "[a-z0-9. ()]{1,20}",
            path in "[a-z/]{1,8}",
            main in prop::option::of(replaced()),
            deps in prop::collection::vec(replaced(), 0..5),
            settings in prop::collection::vec((any::<String>(), any::<String>()), 0..5),
        ) {
            let toolchain = if rgo.is_some() { toolchain } else { String::new() };
            let info = BuildInfo { toolchain, rgo, path, main, deps, settings };
            prop_assert_eq!(BuildInfo::parse(&info.to_string()).expect("reads"), info);
        }

        #[test]
        fn any_text_is_answered(text in "(path|mod|dep|=>|build|rgo|\\t|\\n|=|\"|`|a){0,20}") {
            let _ = BuildInfo::parse(&text);
        }
    }
}
