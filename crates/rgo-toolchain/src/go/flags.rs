//! The flags of `go build` as lists of words: go reads `-ldflags` and `GOFLAGS` as words that may be
//! quoted, and takes only the last of two flags of one name. So rgo joins its own with the user's.
//! (`cmd/internal/quoted/quoted.go`, `cmd/go/internal/base/goflags.go` of Go)

/// Splits words as go does: at spaces, except within a word that begins with a quote. A quote in the
/// middle of a word is a letter, and nothing escapes a quote. `None` if a quote is not closed.
#[must_use]
pub fn split(text: &str) -> Option<Vec<String>> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let (word, after) = if matches!(first, '\'' | '"') {
            rest.get(1..)?.split_once(first)?
        } else {
            rest.split_at(rest.find(is_space).unwrap_or(rest.len()))
        };
        words.push(word.to_owned());
        rest = after.trim_start_matches(is_space);
    }
    Some(words)
}

/// Joins words so that go splits them again. `None` if a word has quotes of both kinds, which go
/// cannot read.
#[must_use]
pub fn join(words: &[String]) -> Option<String> {
    let quoted = words.iter().map(|word| {
        let needs_quotes = word.is_empty()
            || word.starts_with(['\'', '"'])
            || word.contains([' ', '\t', '\n', '\r']);
        match (needs_quotes, word.contains('\''), word.contains('"')) {
            (false, _, _) => Some(word.clone()),
            (true, false, _) => Some(format!("'{word}'")),
            (true, true, false) => Some(format!("\"{word}\"")),
            (true, true, true) => None,
        }
    });
    Some(quoted.collect::<Option<Vec<_>>>()?.join(" "))
}

/// The linker's flags of a build: the user's, and those that rgo adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFlags {
    /// The words for Go's linker.
    pub words: Vec<String>,
    /// The words of `-extldflags`, for the C compiler that links.
    pub external: Vec<String>,
}

impl LinkFlags {
    /// Adds the value of a `-ldflags`, whose `-extldflags` go apart.
    pub fn add(&mut self, value: &str) -> Option<()> {
        let mut words = split(value)?.into_iter();
        while let Some(word) = words.next() {
            let plain = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            match plain.map(|plain| plain.split_once('=').unwrap_or((plain, ""))) {
                Some(("extldflags", "")) if !word.contains('=') => {
                    self.external.extend(split(&words.next().unwrap_or_default())?);
                }
                Some(("extldflags", value)) => self.external.extend(split(value)?),
                _ => self.words.push(word),
            }
        }
        Some(())
    }

    /// The last value of a flag of the linker.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&str> {
        let mut found = None;
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            let plain = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            match plain
                .map(|plain| plain.split_once('=').map_or((plain, None), |(a, b)| (a, Some(b))))
            {
                Some((of, Some(value))) if of == name => found = Some(value),
                Some((of, None)) if of == name => found = words.next().map(String::as_str),
                // The value of -X may look like any flag.
                Some(("X", None)) => _ = words.next(),
                _ => {}
            }
        }
        found
    }

    /// The value for `-ldflags`; `None` if there are none, or if go cannot read them.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        let mut words = self.words.clone();
        if !self.external.is_empty() {
            words.push(format!("-extldflags={}", join(&self.external)?));
        }
        if words.is_empty() { None } else { join(&words) }
    }
}

/// Takes the values of a flag out of a list of flags of `go build`. A value for some packages alone
/// (`-ldflags=pattern=…`) stays.
pub fn take(flags: &mut Vec<String>, name: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut kept = Vec::new();
    let mut rest = std::mem::take(flags).into_iter();
    while let Some(flag) = rest.next() {
        let plain = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')).unwrap_or_default();
        let value = match plain.split_once('=') {
            Some((of, value)) if of == name => Some(value.to_owned()),
            None if plain == name => rest.next(),
            _ => None,
        };
        match value {
            Some(value) if is_for_all(&value) => values.push(value),
            Some(value) => kept.push(format!("-{name}={value}")),
            None => kept.push(flag),
        }
    }
    *flags = kept;
    values
}

/// Whether the value of a per-package flag has no pattern before its words.
fn is_for_all(value: &str) -> bool {
    let value = value.trim_start();
    value.is_empty() || value.starts_with(['-', '\'', '"']) || !value.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_split_as_go_splits_them() {
        for (text, expected) in [
            ("", Some(&[][..])),
            ("  -s\t-w ", Some(&["-s", "-w"])),
            ("-X 'a.b=c d' -w", Some(&["-X", "a.b=c d", "-w"])),
            ("\"it's\" ''", Some(&["it's", ""])),
            ("a'b c'", Some(&["a'b", "c'"])),
            ("'open", None),
        ] {
            assert_eq!(split(text), expected.map(words), "{text}");
        }
        assert_eq!(join(&words(&["both ' and \" "])), None);
    }

    #[test]
    fn flags_for_the_external_linker_are_joined() {
        let mut flags = LinkFlags::default();
        flags.add("-s -extldflags '-static -lm' -X a.b=c").unwrap();
        flags.add("-extldflags=-Wl,-z,now").unwrap();
        flags.external.push("-Wl,-soname,a b".to_owned());
        assert_eq!(flags.words, ["-s", "-X", "a.b=c"]);
        let expected = "-s -X a.b=c '-extldflags=-static -lm -Wl,-z,now \"-Wl,-soname,a b\"'";
        let value = flags.value().unwrap_or_default();
        assert_eq!(value.replace('\'', "\""), expected.replace('\'', "\""), "{value}");
    }

    #[test]
    fn the_last_value_of_a_flag_counts() {
        for (text, expected) in [
            ("-s -w", None),
            ("-linkmode=internal", Some("internal")),
            ("--linkmode internal -s", Some("internal")),
            ("-linkmode=internal -linkmode external", Some("external")),
            ("-X -linkmode=internal", None),
        ] {
            let mut flags = LinkFlags::default();
            flags.add(text).expect("reads");
            assert_eq!(flags.last("linkmode"), expected, "{text}");
        }
    }

    #[test]
    fn values_are_taken_out_of_flags() {
        let mut flags =
            words(&["-ldflags=-s", "-v", "--ldflags", "-w", "-ldflags=all=-s", "-tags=ldflags"]);
        assert_eq!(take(&mut flags, "ldflags"), ["-s", "-w"]);
        assert_eq!(flags, ["-v", "-ldflags=all=-s", "-tags=ldflags"]);
    }

    proptest! {
        #[test]
        fn joined_words_split_again(list in prop::collection::vec("[a-c '\"=-]{0,6}", 0..5)) {
            if let Some(text) = join(&list) {
                prop_assert_eq!(split(&text), Some(list));
            }
        }

        #[test]
        fn any_text_is_read(text in "[a-c '\"=-]{0,30}") {
            let _ = split(&text);
            let _ = LinkFlags::default().add(&text);
        }
    }
}
