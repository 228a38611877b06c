//! Reads the words of a target. Rust, Go, Debian, Docker, zig and `uname` each spell systems and
//! processors in their own way, but no word means two things. So a target is a set of words, and
//! their order and separators do not matter.
//!
//! ```text
//! linux/amd64   x86_64-unknown-linux-gnu   Linux-x86_64   x86_64-linux-gnu.2.28   macos/arm64
//! ```

use crate::floor::{Floor, System};
use crate::toolchain::{self, Libc, Toolchain};

/// The meaning of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A system.
    Os(&'static str),
    /// A processor.
    Arch(&'static str),
    /// A C library, a linker or a variant: see [`tags`].
    Tag(&'static str),
    /// A vendor. No two targets differ in it alone, so it is ignored.
    Nothing,
}

use Meaning::{Arch, Nothing, Os, Tag};

/// Words beside those of the toolchain files, with their meanings.
const ALIASES: [(&str, Meaning); 19] = [
    ("x86_64", Arch("amd64")),
    ("x64", Arch("amd64")),
    ("aarch64", Arch("arm64")),
    ("macos", Os("darwin")),
    ("macosx", Os("darwin")),
    ("osx", Os("darwin")),
    ("mac", Os("darwin")),
    ("apple", Os("darwin")),
    ("win", Os("windows")),
    ("win32", Os("windows")),
    ("mingw32", Os("windows")),
    ("w64", Nothing),
    // Docker's processor variants. For each processor there is only one here.
    ("v8", Arch("arm64")),
    ("v1", Arch("amd64")),
    ("gnu", Tag("gnu")),
    ("glibc", Tag("gnu")),
    ("unknown", Nothing),
    ("pc", Nothing),
    ("none", Nothing),
];

/// The words of the toolchain files, and the aliases, each with its meaning.
pub(crate) fn words() -> Vec<(&'static str, Meaning)> {
    let mut words = ALIASES.to_vec();
    for toolchain in toolchain::all() {
        let own = [
            (toolchain.os.name(), Os(toolchain.os.name())),
            (toolchain.arch.name(), Arch(toolchain.arch.name())),
        ];
        words.extend(own);
        words.extend(tags(toolchain).map(|tag| (tag, Tag(tag))));
    }
    words.sort_by_key(|(word, _)| *word);
    words.dedup();
    words
}

/// The words that distinguish a toolchain from others with its system and processor: its values of
/// `--libc`, its variant (`msvc`), and the last word of its triple (`gnu`, `musl`, `gnullvm`).
pub(crate) fn tags(toolchain: &'static Toolchain) -> impl Iterator<Item = &'static str> {
    let libc = toolchain.libc.iter().map(|libc| match libc {
        Libc::Static => "static",
        Libc::Dynamic => "dynamic",
    });
    // cpu-vendor-system-environment; darwin triples have no environment.
    let environment = toolchain.triple.splitn(4, '-').nth(3);
    libc.chain(toolchain.variant.as_deref()).chain(environment)
}

/// A target, read into words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) os: Option<&'static str>,
    pub(crate) arch: Option<&'static str>,
    pub(crate) tags: Vec<&'static str>,
    /// The version behind the C library or the system, with that system.
    pub(crate) floor: Option<(System, String)>,
    /// Whether it names two systems or two processors: `linux/darwin`.
    pub(crate) contradicts: bool,
    /// Words that no target's name has.
    pub(crate) unknown: Vec<String>,
}

impl Words {
    /// Reads a target.
    pub(crate) fn read(spec: &str) -> Self {
        let (spec, floor) = without_floor(&spec.to_ascii_lowercase());
        let mut read = Self { floor, ..Self::default() };
        let known = words();
        for word in split(&spec) {
            match known.iter().find(|(name, _)| *name == word) {
                Some((_, Os(os))) => {
                    read.contradicts |= read.os.replace(os).is_some_and(|o| o != *os)
                }
                Some((_, Arch(arch))) => {
                    read.contradicts |= read.arch.replace(arch).is_some_and(|a| a != *arch);
                }
                Some((_, Tag(tag))) => read.tags.push(tag),
                Some((_, Nothing)) => {}
                None => read.unknown.push(word),
            }
        }
        read
    }

    /// Whether a toolchain has everything that the words name. A property that the words leave open
    /// may be any, but a variant must be named.
    pub(crate) fn fit(&self, toolchain: &'static Toolchain) -> bool {
        self.fit_but_for_tags(toolchain)
            && self.tags.iter().all(|tag| tags(toolchain).any(|own| own == *tag))
            && toolchain.variant.as_deref().is_none_or(|variant| self.tags.contains(&variant))
    }

    /// Whether a toolchain has everything that the words name, except for the C library.
    pub(crate) fn fit_but_for_libc(&self, toolchain: &'static Toolchain) -> bool {
        let is_libc = |tag: &&&'static str| tag.parse::<Libc>().is_ok();
        let tags = self.tags.iter().filter(|tag| !is_libc(tag)).copied().collect();
        Self { tags, ..self.clone() }.fit(toolchain)
    }

    /// Whether a toolchain has the system and the processor.
    pub(crate) fn fit_but_for_tags(&self, toolchain: &Toolchain) -> bool {
        self.os.is_none_or(|os| toolchain.os.name() == os)
            && self.arch.is_none_or(|arch| toolchain.arch.name() == arch)
    }

    /// The version behind a word, if it applies to this toolchain's floor.
    pub(crate) fn floor_for(&self, toolchain: &Toolchain) -> Option<String> {
        let (system, version) = self.floor.as_ref()?;
        (toolchain.floor.as_ref().map(Floor::system) == Some(*system)).then(|| version.clone())
    }
}

/// Splits a target into words. `x86_64` is one word, not two.
fn split(spec: &str) -> Vec<String> {
    const WHOLE: &str = "x86_64";
    let spec = spec.replace("x86-64", WHOLE).replace(WHOLE, "x64");
    let words = spec.split(['/', '-', '_']).filter(|word| !word.is_empty());
    words.map(|word| if word == "x64" { WHOLE.to_owned() } else { word.to_owned() }).collect()
}

/// Splits off the version behind a word: `x86_64-linux-gnu.2.28`, `aarch64-macos.13.0-none`.
fn without_floor(spec: &str) -> (String, Option<(System, String)>) {
    let at = |word: &str| {
        let start = spec.find(&format!("{word}."))?;
        let version = start + word.len() + 1;
        let end = spec[version..].find(['/', '-']).map_or(spec.len(), |end| version + end);
        Some((start + word.len(), version, end))
    };
    let versioned = [
        ("gnu", System::Glibc),
        ("glibc", System::Glibc),
        ("macos", System::Macos),
        ("macosx", System::Macos),
    ];
    for (word, system) in versioned {
        if let Some((word_end, version, end)) = at(word) {
            let rest = format!("{}{}", &spec[..word_end], &spec[end..]);
            return (rest, Some((system, spec[version..end].to_owned())));
        }
    }
    (spec.to_owned(), None)
}

/// Corrects typing errors in a target. `None` if a word is close to no known word, or to several.
/// Digits are never changed: `arm` is another processor than `arm64`, and `x86` than `x64`.
pub(crate) fn corrected(spec: &str) -> Option<String> {
    let spec = spec.to_ascii_lowercase();
    if let Some(word) = ["host", "all"].into_iter().find(|word| nearly(&spec, word)) {
        return Some(word.to_owned());
    }
    let known = words();
    let mut corrected = Vec::new();
    for word in split(&spec) {
        if known.iter().any(|(name, _)| *name == word) {
            corrected.push(word);
            continue;
        }
        let mut near = known.iter().map(|(name, _)| *name).filter(|name| nearly(&word, name));
        match (near.next(), near.next()) {
            (Some(only), None) => corrected.push(only.to_owned()),
            _ => return None,
        }
    }
    Some(corrected.join("/"))
}

/// Whether at most one letter is wrong, missing, added or swapped with the next; two in long words.
fn nearly(typed: &str, word: &str) -> bool {
    let digits = |text: &str| {
        let mut digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
        digits.sort_unstable();
        digits
    };
    let allowed = if word.len() < 7 { 1 } else { 2 };
    // `arm64e` and `x86_64h` are other processors, not typing errors.
    let extends = word.ends_with(|c: char| c.is_ascii_digit()) && typed.starts_with(word);
    digits(typed) == digits(word) && !extends && strsim::osa_distance(typed, word) <= allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_one_meaning() {
        let words = words();
        for pair in words.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{pair:?}");
        }
        for (word, meaning) in words {
            let known = |is: &dyn Fn(&'static Toolchain) -> bool| toolchain::all().iter().any(is);
            assert!(
                match meaning {
                    Os(os) => known(&|t| t.os.name() == os),
                    Arch(arch) => known(&|t| t.arch.name() == arch),
                    Tag(tag) => known(&|t| tags(t).any(|own| own == tag)),
                    Nothing => true,
                },
                "{word} means what no toolchain is"
            );
        }
    }

    #[test]
    fn words_are_read_in_any_order_and_case() {
        for spec in ["linux/amd64/musl", "x86_64-unknown-linux-musl", "musl_Linux_X86-64"] {
            let words = Words::read(spec);
            assert_eq!((words.os, words.arch), (Some("linux"), Some("amd64")), "{spec}");
            assert_eq!((words.tags, words.unknown), (vec!["musl"], vec![]), "{spec}");
        }
        assert!(Words::read("linux/darwin").contradicts);
        assert!(Words::read("x64/arm64").contradicts);
        assert!(!Words::read("aarch64-apple-darwin").contradicts);
        assert_eq!(Words::read("linux/armv7/x").unknown, ["armv7", "x"]);
    }

    #[test]
    fn a_floor_stands_behind_what_it_is_of() {
        for (spec, expected) in [
            ("x86_64-unknown-linux-gnu.2.28", Some((System::Glibc, "2.28"))),
            ("linux/amd64/glibc.2.28", Some((System::Glibc, "2.28"))),
            ("aarch64-macos.13.0-none", Some((System::Macos, "13.0"))),
            ("x86_64-linux-gnu.", Some((System::Glibc, ""))),
            ("x86_64-linux-gnu", None),
            ("linux.2.28/amd64", None),
        ] {
            let floor = Words::read(spec).floor;
            let floor = floor.as_ref().map(|(system, version)| (*system, version.as_str()));
            assert_eq!(floor, expected, "{spec}");
        }
    }

    #[test]
    fn only_slips_of_the_hand_are_corrected() {
        for (typed, expected) in [
            ("linx/arm64", Some("linux/arm64")),
            ("linux/amd46", Some("linux/amd64")),
            ("drawin", Some("darwin")),
            ("Windwos/amd64", Some("windows/amd64")),
            ("linux/amd64/statci", Some("linux/amd64/static")),
            ("x86_64-uknown-linux-gnu", Some("x86_64/unknown/linux/gnu")),
            ("hots", Some("host")),
            ("al", Some("all")),
            ("linux/arm", None),
            ("linux/x86", None),
            ("linux/x32", None),
            ("linux/armv7", None),
            ("linux/aarch32", None),
            ("darwin/arm64e", None),
            ("linux/riscv64", None),
            ("freebsd/amd64", None),
            ("ios/arm64", None),
            ("aix", None),
            ("wasm64", None),
        ] {
            assert_eq!(corrected(typed).as_deref(), expected, "{typed}");
        }
    }
}
