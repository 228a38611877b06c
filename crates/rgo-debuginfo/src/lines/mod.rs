//! Finds the functions and the place in the source that an instruction is from, with the calls that were inlined. Opening
//! files is the caller's task: this module says which are wanted, and checks that they belong to the image.
//!
//! ```text
//! image ─▶ DebugFiles ─▶ wanted: companion, supplement, PDB      the sections, inflated once or borrowed
//!              │
//!              ▼
//!          LineTable ──▶ wanted_at: .dwo, object files           reads what an address needs, and keeps it
//!              │
//!              ▼
//!          frames_at ──▶ DWARF or PDB, else Go's function table, else names of symbols
//! ```
//!
//! Where debug data is damaged or missing, the next source answers, and the [`Gap`] says so. Addresses are those of
//! the file; in PE with the preferred base. Those of an object file are in [`DebugSections::base_of_section`].

mod alt_link;
mod budget;
mod debug_files;
mod debug_sections;
mod dwarf;
mod error;
mod frame;
mod intervals;
mod mini_symbols;
mod object_map;
mod pdb;
mod relocations;
mod source_path;
mod symbol_names;
mod wanted;

use std::sync::OnceLock;

use object::Object;
use rgo_binary::Image;
use rgo_binary::recovered::go::{self, GoProgram};

use dwarf::DwarfLines;
use object_map::ObjectMap;
use pdb::PdbLines;
use symbol_names::SymbolNames;

pub use debug_files::DebugFiles;
pub use debug_sections::DebugSections;
pub use error::LineError;
pub(crate) use frame::Inlined;
pub use frame::{Frame, FrameSource, Gap};
pub(crate) use pdb::{PdbModule, PdbSymbol, PdbSymbolKind};
pub use source_path::shown;
pub use wanted::{FileError, Mismatch, Wanted};

/// The functions and lines of an image's code.
pub struct LineTable<'a> {
    files: &'a DebugFiles<'a>,
    dwarf: Option<DwarfLines<'a>>,
    pdb: Option<PdbLines<'a>>,
    objects: ObjectMap<'a>,
    go: OnceLock<Result<Option<GoProgram<'a>>, LineError>>,
    symbols: OnceLock<SymbolNames<'a>>,
    /// The image in a mini symbol table.
    mini: Option<Image<'a>>,
    damage: Option<LineError>,
}

impl<'a> LineTable<'a> {
    /// Prepares the table of an image: reads where the code of each unit or module is, and nothing else.
    ///
    /// # Errors
    /// If debug data is so damaged that nothing of it can be read.
    pub fn new(files: &'a DebugFiles<'a>) -> Result<Self, LineError> {
        let main = files.main();
        let dwarf = if main.has_units() {
            let (supplement, package) = (files.supplement.as_ref(), files.package.as_ref());
            Some(DwarfLines::new(main, supplement, package, files.first_code())?)
        } else {
            None
        };
        let base = files.image.object().relative_address_base();
        let pdb = files.pdb.as_ref().map(|pdb| PdbLines::new(pdb, base)).transpose()?;
        let objects = if files.may_have_debug_map() {
            ObjectMap::read(files.image)?
        } else {
            ObjectMap::default()
        };
        let mini = files.mini_symbols.as_deref();
        let mini = mini.map(|bytes| Image::parse(bytes, files.image.limits())).transpose()?;
        let damage = dwarf.as_ref().and_then(DwarfLines::damage).cloned();
        let damage = files.damage.clone().or(damage);
        let (go, symbols) = (OnceLock::new(), OnceLock::new());
        Ok(Self { files, dwarf, pdb, objects, go, symbols, mini, damage })
    }

    /// What of the debug data cannot be read: the code of damaged units is not found.
    #[must_use]
    pub fn damage(&self) -> Option<&LineError> {
        self.damage.as_ref()
    }

    /// The file that an address needs beyond those of [`DebugFiles`]: its `.dwo`, or its object file.
    #[must_use]
    pub fn wanted_at(&self, address: u64) -> Option<Wanted> {
        let split = self.dwarf.as_ref().and_then(|dwarf| dwarf.wanted_at(address));
        split.or_else(|| self.objects.wanted_at(address).cloned())
    }

    /// Adds a `.dwo` file.
    ///
    /// # Errors
    /// If it has no unit with an ID that the image asks for, or if it is damaged.
    pub fn add_split(&mut self, file: &'a DebugSections<'a>) -> Result<(), FileError> {
        let Some(dwarf) = &mut self.dwarf else { return Err(Mismatch::NotNamed.into()) };
        if dwarf.add_split(file)? { Ok(()) } else { Err(Mismatch::SplitId.into()) }
    }

    /// Adds the object file of a [`Wanted::ObjectFile`]. `time` is when it was last changed, in seconds since 1970.
    ///
    /// # Errors
    /// If it was changed since the image was linked, or if it is damaged.
    pub fn add_object(
        &mut self,
        wanted: &Wanted,
        image: &Image<'a>,
        sections: &'a DebugSections<'a>,
        time: Option<u64>,
    ) -> Result<(), FileError> {
        self.objects.add(wanted, image, sections, time)
    }

    /// Appends the frames of an address, the innermost first; none if no source knows it. Returns what the answer
    /// lacks: a file, or damaged data. Many addresses are answered fastest in their order.
    pub fn frames_at<'t>(&'t self, address: u64, frames: &mut Vec<Frame<'t>>) -> Option<Gap> {
        let first = frames.len();
        let mut gap = self.described(address, frames);
        let is_found = |frames: &[Frame<'_>]| frames.len() > first;
        if !is_found(frames) {
            gap = self.push_go(address, frames).or(gap);
        }
        // Assembly has lines, and a name only among the symbols.
        let is_named = frames.last().is_some_and(|it| it.function.is_some());
        if !(is_found(frames) && is_named) {
            gap = gap.or(self.name_by_symbol(address, first, frames));
        }
        gap
    }

    /// Calls `each` with all that is inlined, by a PDB, DWARF or Go's function table.
    pub(crate) fn each_inlined(&self, each: &mut dyn FnMut(Inlined<'_>)) {
        if let Some(pdb) = &self.pdb {
            pdb.each_inlined(&mut |begin, end, name| each(Inlined::Code(begin, end, name)));
        } else if let Some(dwarf) = &self.dwarf {
            dwarf.each_inlined(&mut |inlined| each(inlined));
        } else if let Ok(Some(program)) = self.go() {
            program
                .inlined_code(|begin, end, name| each(Inlined::Code(begin, end, name.as_bytes())));
        }
    }

    /// Prepares for questions about all code: keeps little of what is read, so that some of it is read again.
    pub(crate) fn read_all(&mut self) {
        let bytes = self.files.main().byte_count();
        if let Some(dwarf) = &self.dwarf {
            dwarf.allow_again(bytes.saturating_mul(2));
        }
    }

    /// Forgets what was read, if that is much.
    pub(crate) fn trim(&mut self) {
        if let Some(dwarf) = &mut self.dwarf {
            dwarf.trim();
        }
    }

    fn described<'t>(&'t self, address: u64, frames: &mut Vec<Frame<'t>>) -> Option<Gap> {
        let first = frames.len();
        let mut gap = None;
        if let Some(pdb) = &self.pdb {
            gap = pdb.frames_at(address, frames).err().map(Gap::Damaged);
        }
        if let Some(dwarf) = self.dwarf.as_ref().filter(|_| frames.len() == first) {
            let symbol = |start| {
                let symbol = self.symbols().find(start).filter(|symbol| symbol.start == start);
                symbol.map(|symbol| symbol.name.as_ref())
            };
            gap = dwarf.frames_at(address, symbol, frames).or(gap);
        }
        if frames.len() == first {
            gap = self.objects.frames_at(address, frames).or(gap);
        }
        gap
    }

    fn push_go<'t>(&'t self, address: u64, frames: &mut Vec<Frame<'t>>) -> Option<Gap> {
        let program = match self.go() {
            Ok(program) => program.as_ref()?,
            Err(error) => return Some(Gap::Damaged(error.clone())),
        };
        let mut found = Vec::new();
        program.frames_at(address, &mut found);
        // The table has no ends of functions: bytes between two of them belong to the first, but have no line.
        found.retain(|frame| frame.line.is_some());
        let start = program.table().function_at(address).map(|function| function.entry);
        frames.extend(found.into_iter().map(|frame| Frame {
            function: Some(frame.function.as_bytes().into()),
            function_start: start.filter(|_| !frame.is_inlined),
            file: frame.file.map(|file| file.as_bytes().into()),
            line: frame.line,
            column: None,
            is_inlined: frame.is_inlined,
            source: FrameSource::GoFunctions,
        }));
        None
    }

    fn go(&self) -> &Result<Option<GoProgram<'a>>, LineError> {
        self.go.get_or_init(|| Ok(go::program(self.files.image)?))
    }

    /// Names the outermost of the frames from `first` on by a symbol, or appends one.
    fn name_by_symbol<'t>(
        &'t self,
        address: u64,
        first: usize,
        frames: &mut Vec<Frame<'t>>,
    ) -> Option<Gap> {
        let symbols = self.symbols();
        let Some(named) = symbols.find(address) else {
            return symbols.damage.clone().map(Gap::Damaged);
        };
        let function = Some(std::borrow::Cow::Borrowed(named.name.as_ref()));
        match frames.get_mut(first..).and_then(<[Frame<'_>]>::last_mut) {
            Some(frame) => {
                frame.function = function;
                frame.function_start = Some(named.start);
            }
            None => frames.push(Frame {
                function,
                function_start: Some(named.start),
                ..Frame::default()
            }),
        }
        None
    }

    fn symbols(&self) -> &SymbolNames<'a> {
        self.symbols.get_or_init(|| {
            let others: Vec<_> = self.files.companion.into_iter().chain(&self.mini).collect();
            SymbolNames::read(self.files.image, &self.files.sections, &others)
        })
    }
}
