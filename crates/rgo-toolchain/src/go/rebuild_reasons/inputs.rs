//! Collects what `GODEBUG=gocachehash=1` makes Go print on stderr, between its other lines:
//!
//! ```text
//! HASH[build example.com/a]
//! HASH[build example.com/a]: "go1.26.8"                           a part of the input, quoted as in Go
//! HASH[build example.com/a]: "file a.go QTrHVaIb4lyxuJpg9jbO\n"
//! HASH[build example.com/a]: 44a40c1d2eda9d3e…                     the hash, at the end
//! HASH /home/me/a/a.go: 413ac755a21b…
//! HASH subkey 44a4… "srcfiles" = 9b1c…
//! ```
//!
//! Lines of several packages are mixed. The inputs are stored as JSON, in which each line is once:
//! packages share most of theirs.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// The inputs of each compilation and link of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// All lines, each once, without quotes.
    lines: Vec<String>,
    /// By the names of actions: `build` or `link`, and the package.
    actions: BTreeMap<String, Vec<Stored>>,
}

/// An action: its ID, and its inputs as indices of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stored(String, Vec<u32>);

/// The inputs of one action.
pub(super) struct Hashed<'i> {
    pub(super) id: &'i str,
    pub(super) lines: Vec<&'i str>,
}

impl Inputs {
    /// Reads stored inputs. `None` if this is not what [`Inputs::to_json`] writes.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The inputs to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the log had nothing: Go read none, or the variable was not set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Adds the actions that only an older build has. A build that failed did not reach all packages;
    /// their inputs are still those of the older build.
    #[must_use]
    pub fn with_older(self, older: &Self) -> Self {
        let mut collector = Collector::from(self);
        for name in older.actions.keys() {
            if collector.inputs.actions.contains_key(name) {
                continue;
            }
            for action in older.of(name) {
                let lines = action.lines.iter().filter_map(|line| collector.index(line)).collect();
                let stored = Stored(action.id.to_owned(), lines);
                collector.inputs.actions.entry(name.clone()).or_default().push(stored);
            }
        }
        collector.finish()
    }

    /// The actions of this name.
    pub(super) fn of(&self, name: &str) -> Vec<Hashed<'_>> {
        let lines = |indices: &[u32]| {
            let line = |at: &u32| self.lines.get(usize::try_from(*at).ok()?).map(String::as_str);
            indices.iter().filter_map(line).collect()
        };
        let stored = self.actions.get(name).map(Vec::as_slice).unwrap_or_default();
        stored.iter().map(|Stored(id, of)| Hashed { id, lines: lines(of) }).collect()
    }
}

/// Collects inputs from the lines of Go's stderr.
#[derive(Debug, Default)]
pub struct Collector {
    inputs: Inputs,
    indices: HashMap<String, u32>,
    /// The inputs so far of the actions whose hash is still to come.
    open: HashMap<String, Vec<u32>>,
}

impl Collector {
    /// Takes a line of Go's stderr, without its end. Returns `true` for a line that Go prints only
    /// because of `gocachehash`; such a line is not for the user.
    pub fn take(&mut self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("HASH") else { return false };
        let Some(named) = rest.strip_prefix('[') else {
            return rest.starts_with(' ') && (rest.contains(": ") || rest.contains(" = "));
        };
        // Some hashes have names with brackets; those of actions have none before the end.
        let Some((name, part)) = named.split_once(']') else { return false };
        if !name.starts_with("build ") && !name.starts_with("link ") {
            return true;
        }
        match part.strip_prefix(": ") {
            None => _ = self.open.insert(name.to_owned(), Vec::new()),
            Some(quoted) if quoted.starts_with('"') => self.add_line(name, quoted),
            Some(hash) => self.close(name, hash),
        }
        true
    }

    fn add_line(&mut self, name: &str, quoted: &str) {
        let Some(line) = unquote(quoted) else { return };
        let line = line.trim_end_matches('\n');
        let Some(index) = self.index(line) else { return };
        if let Some(lines) = self.open.get_mut(name) {
            lines.push(index);
        }
    }

    /// The index of a line, which is added if it is new.
    fn index(&mut self, line: &str) -> Option<u32> {
        if let Some(index) = self.indices.get(line) {
            return Some(*index);
        }
        let index = u32::try_from(self.inputs.lines.len()).ok()?;
        self.inputs.lines.push(line.to_owned());
        self.indices.insert(line.to_owned(), index);
        Some(index)
    }

    fn close(&mut self, name: &str, hash: &str) {
        let (Some(lines), Some(id)) = (self.open.remove(name), action_id(hash)) else { return };
        let actions = self.inputs.actions.entry(name.to_owned()).or_default();
        if !actions.iter().any(|Stored(known, _)| *known == id) {
            actions.push(Stored(id, lines));
        }
    }

    /// What was collected. Actions whose hash did not come are left out.
    #[must_use]
    pub fn finish(self) -> Inputs {
        self.inputs
    }
}

impl From<Inputs> for Collector {
    fn from(inputs: Inputs) -> Self {
        let lines = (0..).zip(&inputs.lines).map(|(at, line)| (line.clone(), at));
        Self { indices: lines.collect(), inputs, open: HashMap::new() }
    }
}

/// Splits Go's stderr into inputs and the lines for the user.
#[must_use]
pub fn split(stderr: &str) -> (Inputs, String) {
    let mut collector = Collector::default();
    let mut rest = String::new();
    for line in stderr.split_inclusive('\n') {
        if !collector.take(line.trim_end_matches(['\n', '\r'])) {
            rest.push_str(line);
        }
    }
    (collector.finish(), rest)
}

/// The ID that the action graph has for a hash: its first 15 bytes in base64url.
fn action_id(hash: &str) -> Option<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bytes = hex::decode(hash.trim()).ok()?;
    let mut id = String::with_capacity(20);
    for three in bytes.get(..15)?.chunks_exact(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for shift in [18, 12, 6, 0] {
            let digit = DIGITS.get(usize::try_from(bits >> shift & 63).ok()?)?;
            id.push(char::from(*digit));
        }
    }
    Some(id)
}

/// The text of a string that Go's `%q` wrote. A byte that is not UTF-8 becomes the character of its
/// number: the texts are compared and shown, not used.
///
/// Specification: <https://go.dev/ref/spec#String_literals>
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let escape = after.chars().next()?;
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let after = after.get(escape.len_utf8()..)?;
        text.push(match escape {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '"' | '\'' => escape,
            'x' | 'u' | 'U' => char::from_u32(u32::from_str_radix(after.get(..digits)?, 16).ok()?)?,
            _ => return None,
        });
        rest = after.get(digits..)?;
    }
    text.push_str(rest);
    Some(text)
}
