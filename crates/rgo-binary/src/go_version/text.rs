//! Parses and prints the text of the blob as Go does (`runtime/debug`, `ParseBuildInfo`): bytes
//! stay unchanged, and errors have Go's words. [`crate::embedded::build_info`] draws the grammar.

use super::{Refusal, Result};
use crate::embedded::build_info::LastModule;
use crate::embedded::build_info::quote::{quoted_bytes, quoted_char};

/// The build information of a program, as Go reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The toolchain.
    pub version: Vec<u8>,
    /// Path of the main package.
    pub path: Vec<u8>,
    /// The main module; all empty if there is none.
    pub main: GoModule,
    /// The other modules.
    pub deps: Vec<GoModule>,
    /// Settings of the build: key and value.
    pub settings: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A module of Go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoModule {
    /// Its path.
    pub path: Vec<u8>,
    /// Its version.
    pub version: Vec<u8>,
    /// Its checksum.
    pub sum: Vec<u8>,
    /// The module that replaces it.
    pub replace: Option<Box<GoModule>>,
}

impl Info {
    /// Parses the text. An unterminated last line is ignored.
    pub(super) fn parse(version: Vec<u8>, text: &[u8]) -> Result<Self> {
        let mut info = Self { version, ..Self::default() };
        let mut last = LastModule::None;
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        for (number, line) in lines.filter_map(|line| line.strip_suffix(b"\n")).enumerate() {
            let read = info.line(line, &mut last);
            read.map_err(|why| Refusal::Text { line: number + 1, why })?;
        }
        Ok(info)
    }

    fn line(&mut self, line: &[u8], last: &mut LastModule) -> std::result::Result<(), String> {
        let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { return Ok(()) };
        let (kind, rest) = line.split_at(tab);
        let rest = rest.get(1..).unwrap_or_default();
        match kind {
            b"path" => self.path = rest.to_vec(),
            b"mod" => {
                self.main = GoModule::parse(rest)?;
                *last = LastModule::Main;
            }
            b"dep" => {
                self.deps.push(GoModule::parse(rest)?);
                *last = LastModule::Dep;
            }
            b"=>" => {
                let columns = rest.split(|byte| *byte == b'\t').count();
                if columns != 3 {
                    return Err(format!("expected 3 columns for replacement; got {columns}"));
                }
                let replaced = match std::mem::replace(last, LastModule::None) {
                    LastModule::Main => Some(&mut self.main),
                    LastModule::Dep => self.deps.last_mut(),
                    LastModule::None => None,
                };
                let replaced = replaced.ok_or("replacement with no module on previous line")?;
                replaced.replace = Some(Box::new(GoModule::parse(rest)?));
            }
            b"build" => self.settings.push(setting(rest)?),
            _ => {}
        }
        Ok(())
    }

    /// The lines that `go version -m` prints below the version, each with its end.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.path.is_empty() {
            push(&mut out, &[b"path\t", &self.path, b"\n"]);
        }
        if self.main != GoModule::default() {
            self.main.write(b"mod", &mut out);
        }
        for dep in &self.deps {
            dep.write(b"dep", &mut out);
        }
        for (key, value) in &self.settings {
            out.extend(b"build\t");
            push_word(&mut out, key, key.is_empty() || key.contains(&b'='));
            out.push(b'=');
            push_word(&mut out, value, false);
            out.push(b'\n');
        }
        out
    }
}

impl GoModule {
    fn parse(words: &[u8]) -> std::result::Result<Self, String> {
        let words: Vec<&[u8]> = words.split(|byte| *byte == b'\t').collect();
        let (path, version, sum) = match words[..] {
            [path, version] => (path, version, &b""[..]),
            [path, version, sum] => (path, version, sum),
            _ => return Err(format!("expected 2 or 3 columns; got {}", words.len())),
        };
        let [path, version, sum] = [path, version, sum].map(<[u8]>::to_vec);
        Ok(Self { path, version, sum, replace: None })
    }

    /// An empty line follows a replacement.
    fn write(&self, kind: &[u8], out: &mut Vec<u8>) {
        push(out, &[kind, b"\t", &self.path, b"\t", &self.version]);
        match &self.replace {
            None => push(out, &[b"\t", &self.sum, b"\n"]),
            Some(replacement) => {
                out.push(b'\n');
                replacement.write(b"=>", out);
                out.push(b'\n');
            }
        }
    }
}

fn push(out: &mut Vec<u8>, words: &[&[u8]]) {
    words.iter().for_each(|word| out.extend(*word));
}

fn push_word(out: &mut Vec<u8>, word: &[u8], quote: bool) {
    if quote || breaks_a_line(word) {
        out.extend(quoted_bytes(word).as_bytes());
    } else {
        out.extend(word);
    }
}

fn breaks_a_line(word: &[u8]) -> bool {
    word.iter().any(|byte| b" \t\r\n\"`".contains(byte))
}

/// Reads `key=value`; each side may be quoted.
fn setting(text: &[u8]) -> std::result::Result<(Vec<u8>, Vec<u8>), String> {
    let (key, value) = match text.first() {
        None => return Err("build line missing '='".into()),
        Some(b'=') => return Err("build line with missing key".into()),
        Some(b'`' | b'"') => {
            let (key, rest) = unquote(text).ok_or("invalid quoted key in build line")?;
            match rest.split_first() {
                None => return Err("build line missing '=' after quoted key".into()),
                Some((b'=', value)) => (key, value),
                Some((other, _)) => {
                    let other = quoted_char(char::from(*other));
                    return Err(format!("unexpected character after quoted key: {other}"));
                }
            }
        }
        Some(_) => {
            let at = text.iter().position(|byte| *byte == b'=');
            let (key, value) = text.split_at(at.ok_or("build line missing '=' after key")?);
            if breaks_a_line(key) {
                return Err(format!("unquoted key {} must be quoted", quoted_bytes(key)));
            }
            (key.to_vec(), value.get(1..).unwrap_or_default())
        }
    };
    let value = match value.first() {
        Some(b'`' | b'"') => match unquote(value) {
            Some((value, [])) => value,
            _ => return Err("invalid quoted value in build line".into()),
        },
        _ if breaks_a_line(value) => {
            return Err(format!("unquoted value {} must be quoted", quoted_bytes(value)));
        }
        _ => value.to_vec(),
    };
    Ok((key, value))
}

/// Reads the string literal at the start of `text`. Returns its value and the rest of the text.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (quote, mut rest) = text.split_first()?;
    if *quote == b'`' {
        let (raw, rest) = rest.split_at(rest.iter().position(|byte| byte == quote)?);
        return Some((raw.iter().copied().filter(|byte| *byte != b'\r').collect(), rest.get(1..)?));
    }
    let mut value = Vec::with_capacity(rest.len());
    loop {
        let stop = rest.iter().position(|byte| b"\"\\\n".contains(byte))?;
        let (plain, special) = rest.split_at(stop);
        for chunk in plain.utf8_chunks() {
            value.extend(chunk.valid().as_bytes());
            // Each byte that is not UTF-8 becomes its own replacement character.
            chunk.invalid().iter().for_each(|_| value.extend("\u{fffd}".as_bytes()));
        }
        let (special, after) = special.split_first()?;
        rest = match special {
            b'"' => return Some((value, after)),
            b'\\' => escape(after, &mut value)?,
            _ => return None,
        };
    }
}

/// Reads an escape after its backslash. Returns the rest of the text.
fn escape<'t>(text: &'t [u8], value: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (kind, rest) = text.split_first()?;
    let simple = match kind {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'"' => *kind,
        b'x' => u8::try_from(number(rest.get(..2)?, 16)?).ok()?,
        b'0'..=b'7' => u8::try_from(number(text.get(..3)?, 8)?).ok()?,
        b'u' | b'U' => {
            let digits = if *kind == b'u' { 4 } else { 8 };
            let c = char::from_u32(number(rest.get(..digits)?, 16)?)?;
            value.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            return rest.get(digits..);
        }
        _ => return None,
    };
    value.push(simple);
    match kind {
        b'x' | b'0'..=b'7' => rest.get(2..),
        _ => Some(rest),
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        Some(number.wrapping_mul(radix) + char::from(*digit).to_digit(radix)?)
    })
}
