//! What a debugger can do with an image, deduced from what the image still has.
//!
//! ```text
//!                      break on   break on   read
//!                      function   line       variables  unwind   symbolise
//! .symtab, symbols     yes                                       functions
//! .dynsym, exports     exported                                  exported
//! .debug_line                     yes                            lines
//! .debug_info          yes                   yes
//! Go's pclntab         yes        yes                   yes      functions, lines
//! .eh_frame, .debug_frame, .pdata, __unwind_info        yes
//! ```
//!
//! What is missing may be in a companion, which the image names by one of its identities.

use std::fmt;

use object::read::NameOrOrdinal;
use object::{Object, ObjectSymbol, SymbolKind};
use serde::Serialize;

use crate::{Format, Image, Result, go};

/// What people do with a debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Stop where a function begins.
    BreakOnFunction,
    /// Stop at a line of a source file.
    BreakOnLine,
    /// See what a variable holds.
    ReadVariables,
    /// See who called.
    Unwind,
    /// Turn an address into the name of a function and a line.
    Symbolise,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BreakOnFunction => "break on function",
            Self::BreakOnLine => "break on line",
            Self::ReadVariables => "read variables",
            Self::Unwind => "unwind",
            Self::Symbolise => "symbolise",
        })
    }
}

/// How far a task can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Not at all.
    No,
    /// Once the companion is found.
    Companion,
    /// For some functions, or without lines.
    Partly,
    /// With the image alone.
    Yes,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::Companion => "with its companion",
            Self::Partly => "partly",
            Self::Yes => "yes",
        })
    }
}

/// A task, how far it can be done, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ability {
    /// The task.
    pub task: Task,
    /// How far.
    pub answer: Answer,
    /// What makes it so.
    pub by: String,
}

/// What an image has for a debugger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Symbols of its own functions, besides those that the loader binds by.
    pub symbols: bool,
    /// Functions that others may call, by name.
    pub exports: bool,
    /// Go's function table, which Go's runtime needs.
    pub pclntab: bool,
    /// DWARF with lines.
    pub lines: bool,
    /// DWARF with variables and types.
    pub variables: bool,
    /// The table that unwinding goes by.
    pub unwind: Option<String>,
    /// By what a companion is found.
    pub companion: Option<String>,
}

const GO_TABLE: &str = "Go's function table";
const SYMBOLS: &str = "symbol table";
const LINES: &str = "DWARF lines";
const VARIABLES: &str = "DWARF entries";
const EXPORTED: &str = "exported functions alone";

impl Evidence {
    /// Reads what an image has.
    ///
    /// # Errors
    /// Those of [`Image::debug_data`], and of a Go function table that contradicts itself.
    pub fn of(image: &Image<'_>) -> Result<Self> {
        let data = image.debug_data()?;
        let companion = if let Some(link) = &data.debuglink {
            Some(match &data.build_id {
                Some(id) => format!("build-id {id}, debuglink {}", link.name),
                None => format!("debuglink {}", link.name),
            })
        } else if data.object_files > 0 {
            Some(format!("its {} object files", data.object_files))
        } else {
            let uuid = data.uuid.map(|uuid| format!("UUID {uuid}"));
            let pdb = data.pdb.map(|pdb| format!("PDB {}", pdb.path));
            data.build_id.map(|id| format!("build-id {id}")).or(uuid).or(pdb)
        };
        Ok(Self {
            symbols: super::has_symbols(image),
            exports: exports(image),
            pclntab: go::pclntab(image)?.is_some(),
            lines: data.units.lines + data.units.full > 0,
            variables: data.units.full > 0,
            unwind: unwind_table(image),
            companion,
        })
    }
}

/// What a debugger can do with an image that has this.
#[must_use]
pub fn abilities(evidence: &Evidence) -> Vec<Ability> {
    let Evidence { symbols, exports, pclntab, lines, variables, unwind, companion } = evidence;
    let sources = |all: &[(bool, &'static str)]| -> Vec<&'static str> {
        all.iter().filter(|(is_there, _)| *is_there).map(|(_, name)| *name).collect()
    };
    let functions = sources(&[(*symbols, SYMBOLS), (*variables, VARIABLES), (*pclntab, GO_TABLE)]);
    let lines = sources(&[(*lines, LINES), (*pclntab, GO_TABLE)]);
    let variables = sources(&[(*variables, VARIABLES)]);
    let tables: Vec<&str> =
        unwind.as_deref().into_iter().chain(pclntab.then_some(GO_TABLE)).collect();
    let elsewhere = |task| match companion {
        Some(by) => Ability { task, answer: Answer::Companion, by: by.clone() },
        None => Ability { task, answer: Answer::No, by: String::new() },
    };
    let by = |task, sources: &[&str]| match sources {
        [] => elsewhere(task),
        some => Ability { task, answer: Answer::Yes, by: some.join(", ") },
    };
    let some_functions = |task| Ability { task, answer: Answer::Partly, by: EXPORTED.to_owned() };
    let break_on_function = match functions.as_slice() {
        [] if *exports => some_functions(Task::BreakOnFunction),
        functions => by(Task::BreakOnFunction, functions),
    };
    let symbolise = match (functions.as_slice(), lines.as_slice()) {
        (functions, [_, ..]) => {
            let mut all = functions.to_vec();
            all.extend(lines.iter().filter(|line| !functions.contains(line)));
            by(Task::Symbolise, &all)
        }
        ([], []) if *exports => some_functions(Task::Symbolise),
        ([], []) => elsewhere(Task::Symbolise),
        (functions, []) => Ability {
            task: Task::Symbolise,
            answer: Answer::Partly,
            by: format!("{}, without lines", functions.join(", ")),
        },
    };
    vec![
        break_on_function,
        by(Task::BreakOnLine, &lines),
        by(Task::ReadVariables, &variables),
        by(Task::Unwind, &tables),
        symbolise,
    ]
}

/// Whether functions are named for others. (A Mach-O program exports its own header.)
fn exports(image: &Image<'_>) -> bool {
    let file = image.object();
    match image.format() {
        Format::Elf => file
            .dynamic_symbols()
            .any(|symbol| symbol.is_definition() && symbol.kind() == SymbolKind::Text),
        _ => file.exports().is_ok_and(|exports| {
            exports
                .flatten()
                .any(|export| export.name() != NameOrOrdinal::Name(b"__mh_execute_header"))
        }),
    }
}

/// The first table of the image that is there and not empty.
fn unwind_table(image: &Image<'_>) -> Option<String> {
    const TABLES: [&str; 8] = [
        ".eh_frame",
        ".debug_frame",
        ".zdebug_frame",
        ".pdata",
        ".ARM.exidx",
        "__unwind_info",
        "__eh_frame",
        "__debug_frame",
    ];
    let table = |name: &&str| image.section(name).is_some_and(|section| !section.data.is_empty());
    TABLES.into_iter().find(table).map(str::to_owned)
}
