//! Runs `rgo-symbols go-nm`: prints what `go tool nm` prints for the same arguments, byte for byte.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Result;
use rgo_debuginfo::go_nm::{self, GoOrder, GoSymbol};
use rgo_debuginfo::go_object::{self, Content, Entry, GoObject, GoObjectError};
use rgo_files::mmap;

use super::args::GoNmArgs;
use crate::app::exit::Exit;
use crate::app::output_writer::OutputWriter;
use crate::app::terminal;

/// What Go's tool prints for a wrong call.
const USAGE: &str = "usage: go tool nm [options] file...
  -n
      an alias for -sort address (numeric),
      for compatibility with other nm commands
  -size
      print symbol size in decimal between address and type
  -sort {address,name,none,size}
      sort output in the given order (default name)
      size orders from largest to smallest
  -type
      print symbol type after name
";

/// Lists the symbols of the files.
///
/// # Errors
/// If stdout cannot be written.
pub(super) fn run(args: &GoNmArgs) -> Result<Exit> {
    let call = match Call::parse(&args.words) {
        Ok(call) if call.files.is_empty() => return wrong(""),
        Ok(call) => call,
        Err(Wrong::Usage(line)) => return wrong(&line),
        Err(Wrong::Order(line)) => {
            terminal::eprint_raw(&line);
            return Ok(Exit::Usage);
        }
    };
    let mut writer = OutputWriter::open(None)?;
    let mut exit = Exit::Done;
    for file in &call.files {
        let (text, complaints) = call.list(file);
        let is_read = writer.write(&text)?;
        for line in complaints {
            terminal::eprint_raw(&line);
            exit = Exit::Failed;
        }
        if !is_read {
            break;
        }
    }
    Ok(exit)
}

fn wrong(line: &str) -> Result<Exit> {
    terminal::eprint_raw(line);
    terminal::eprint_raw(USAGE);
    Ok(Exit::Usage)
}

/// Why a call is wrong, in Go's words.
enum Wrong {
    /// The usage follows.
    Usage(String),
    /// No usage follows.
    Order(String),
}

/// A call, as Go's package `flag` reads it.
struct Call<'a> {
    order: GoOrder,
    with_size: bool,
    files: Vec<&'a OsString>,
}

impl<'a> Call<'a> {
    fn parse(words: &'a [OsString]) -> Result<Self, Wrong> {
        let mut call = Self { order: GoOrder::Name, with_size: false, files: Vec::new() };
        let mut order = "name".to_owned();
        let mut rest = words.iter();
        while let Some(word) = rest.as_slice().first() {
            let text = word.to_string_lossy();
            let Some(flag) = text.strip_prefix('-').filter(|flag| !flag.is_empty()) else { break };
            rest.next();
            if flag == "-" {
                break;
            }
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (flag, None),
            };
            match name {
                "n" if boolean(name, value)? => "address".clone_into(&mut order),
                "n" => {}
                "size" => call.with_size = boolean(name, value)?,
                // No symbol of these files has a type that Go's tool knows.
                "type" => {
                    boolean(name, value)?;
                }
                "sort" => {
                    let next = || rest.next().map(|word| word.to_string_lossy().into_owned());
                    let value = value.map(str::to_owned).or_else(next);
                    let missing = || Wrong::Usage("flag needs an argument: -sort\n".to_owned());
                    order = value.ok_or_else(missing)?;
                }
                "h" | "help" => return Err(Wrong::Usage(String::new())),
                name => {
                    return Err(Wrong::Usage(format!("flag provided but not defined: -{name}\n")));
                }
            }
        }
        call.files = rest.collect();
        call.order = match order.as_str() {
            "address" => GoOrder::Address,
            "name" => GoOrder::Name,
            "none" => GoOrder::None,
            "size" => GoOrder::Size,
            other => return Err(Wrong::Order(format!("nm: unknown sort order {other:?}\n"))),
        };
        Ok(call)
    }

    /// The lines of a file, and what Go's tool says on stderr.
    fn list(&self, path: &OsString) -> (Vec<u8>, Vec<String>) {
        let shown = Path::new(path).display();
        let data = match File::open(path).and_then(|file| mmap::file(&file)) {
            Ok(data) => data,
            Err(error) => return (Vec::new(), vec![format!("open {shown}: {}\n", words(&error))]),
        };
        let members = match Member::all(&data) {
            Ok(members) => members,
            Err(why) => return (Vec::new(), vec![format!("open {shown}: {why}\n")]),
        };
        let (mut text, mut complaints) = (Vec::new(), Vec::new());
        for member in &members {
            let mut symbols = match member.symbols() {
                Ok(symbols) => symbols,
                Err(error) => {
                    complaints.push(format!("reading {shown}: {error}\n"));
                    continue;
                }
            };
            go_nm::sort(&mut symbols, self.order);
            let mut prefix = shown.to_string().into_bytes();
            match (members.len(), self.files.len()) {
                (1, 1) => prefix.clear(),
                (1, _) => prefix.extend_from_slice(b":\t"),
                // As Go calls it.
                _ if member.name.is_empty() => prefix.extend_from_slice(b"(_go_.o):\t"),
                _ => prefix.extend([b"(", member.name, b"):\t"].concat()),
            }
            let line = |symbol: &GoSymbol<'_>| {
                go_nm::write(symbol, &prefix, self.with_size, &mut text);
            };
            symbols.iter().for_each(line);
        }
        if text.is_empty() {
            complaints.push(format!("reading {shown}: no symbols\n"));
        }
        (text, complaints)
    }
}

/// An object of a file: the file, or a member of a package's archive.
struct Member<'a> {
    name: &'a [u8],
    object: Object<'a>,
}

enum Object<'a> {
    Go(Result<Box<GoObject<'a>>, GoObjectError>),
    Native(Box<object::File<'a>>),
}

impl<'a> Member<'a> {
    /// The objects of a file; or why Go's tool does not open it.
    fn all(data: &'a [u8]) -> Result<Vec<Self>, String> {
        let of_archive = || {
            let entries = go_object::entries(data).ok_or(GoObjectError::Unrecognized)?;
            let member = |entry: Entry<'a>| {
                let object = match entry.content {
                    Content::Go(bytes) => match GoObject::parse(bytes) {
                        Err(error @ GoObjectError::Malformed(_)) => Object::Go(Err(error)),
                        object => Object::Go(Ok(Box::new(object?))),
                    },
                    Content::Native(bytes) => {
                        let file = object::File::parse(bytes);
                        Object::Native(Box::new(file.map_err(|_| GoObjectError::Unrecognized)?))
                    }
                };
                Ok(Self { name: entry.name, object })
            };
            entries.into_iter().map(member).collect()
        };
        match of_archive() {
            Ok(members) => Ok(members),
            Err(GoObjectError::Version(magic)) => {
                Err(format!("go object of a different version: {magic:?}"))
            }
            Err(_) => match object::File::parse(data) {
                Ok(file) => Ok(vec![Self { name: b"", object: Object::Native(Box::new(file)) }]),
                Err(_) => Err("unrecognized object file".to_owned()),
            },
        }
    }

    fn symbols(&self) -> Result<Vec<GoSymbol<'a>>> {
        Ok(match &self.object {
            Object::Go(Ok(object)) => go_nm::symbols_of_object(object),
            Object::Go(Err(error)) => return Err(error.clone().into()),
            Object::Native(file) => go_nm::symbols(file)?,
        })
    }
}

/// A boolean flag's value, as Go reads it.
fn boolean(name: &str, value: Option<&str>) -> Result<bool, Wrong> {
    match value {
        None | Some("1" | "t" | "T" | "TRUE" | "true" | "True") => Ok(true),
        Some("0" | "f" | "F" | "FALSE" | "false" | "False") => Ok(false),
        Some(value) => {
            let text = format!("invalid boolean value {value:?} for -{name}: parse error\n");
            Err(Wrong::Usage(text))
        }
    }
}

/// The system's text for an error, without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
