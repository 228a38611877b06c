//! The symbols of one image or Go object, chosen and ordered as the call says, with the names that are shown.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::path::Path;

use rgo_binary::Image;
use rgo_debuginfo::debug_list::{self, DebugListError};
use rgo_debuginfo::demangle::{DemangleError, Demangler, NameStyle, Scheme};
use rgo_debuginfo::lines::{DebugFiles, LineTable, shown};
use rgo_debuginfo::list::{self, ListError, ListedSymbol, Sources, SymbolClass, owner};
use rgo_files::walk::{Layer, Name};

use super::args::{ListArgs, SortArg};
use super::row::{ImageSymbols, SymbolRow};
use crate::app::survey::{Named, Seen};
use crate::app::unread::UnreadReason;
use crate::symbols::debug_files::with_debug_files;
use crate::symbols::image_name::{Binary, ImageName, each_binary};

/// Lists the symbols of all images of a file. `path` is the file, if it is on disk.
pub(super) fn read(path: Option<&Path>, data: &[u8], args: &ListArgs) -> Seen<ImageSymbols> {
    each_binary(data, |name, binary| match binary {
        Binary::Image(image) => of_image(name, path, image, args).map_err(|error| match error {
            DebugListError::List(ListError::Go(error)) => UnreadReason::Image(error),
            error => UnreadReason::Symbols(error.to_string()),
        }),
        Binary::GoObject(object) => {
            let symbols = list::of_go_object(object, sources(args));
            Ok(chosen(name, symbols, None, args, true))
        }
    })
}

fn sources(args: &ListArgs) -> Sources {
    if args.is_of_loader() { Sources::Loader } else { Sources::Best }
}

fn of_image(
    name: ImageName,
    path: Option<&Path>,
    image: &Image<'_>,
    args: &ListArgs,
) -> Result<ImageSymbols, DebugListError> {
    let symbols = list::list(image, sources(args))?;
    let is_complete = args.is_of_loader() || list::has_function_table(image, &symbols);
    if is_complete && !args.verbose {
        let are_of_go = are_of_go(&symbols);
        return Ok(chosen(name, symbols, None, args, are_of_go));
    }
    let (listed, debug_files) = with_debug_files(
        path,
        args.debug_files.options(),
        image,
        |files| -> Result<_, DebugListError> {
            let symbols = match files.filter(|_| !is_complete) {
                Some(files) => debug_list::list(files)?,
                None => symbols,
            };
            let are_of_go = are_of_go(&symbols);
            Ok(chosen(name, symbols, files, args, are_of_go))
        },
    );
    Ok(ImageSymbols { debug_files, ..listed? })
}

/// The rows of the symbols that the call asks for.
fn chosen(
    image: ImageName,
    symbols: Vec<ListedSymbol<'_>>,
    files: Option<&DebugFiles<'_>>,
    args: &ListArgs,
    are_of_go: bool,
) -> ImageSymbols {
    let mut names = Names { demangler: Demangler::default(), is_off: args.no_demangle, are_of_go };
    let chosen = symbols.into_iter().filter(|symbol| is_chosen(symbol, args));
    let mut rows: Vec<_> = chosen
        .map(|symbol| names.row(&symbol))
        .filter(|row| args.filter.as_ref().is_none_or(|filter| row.matches(filter)))
        .collect();
    rows.sort_by(order(args.sort));
    let count = rows.len();
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    if let Some(files) = files.filter(|_| args.verbose) {
        add_places(files, &mut rows);
    }
    ImageSymbols { image, debug_files: Vec::new(), count, symbols: rows }
}

/// Adds the source files and lines of functions, from debug data. Damaged debug data add none; `symbolize` reports the
/// damage.
fn add_places(files: &DebugFiles<'_>, rows: &mut [SymbolRow]) {
    let Ok(table) = LineTable::new(files) else { return };
    let mut functions: Vec<_> = rows
        .iter_mut()
        .filter(|row| row.class == SymbolClass::Function && row.source_file.is_none())
        .filter_map(|row| Some((row.address?, row)))
        .collect();
    // Addresses in their order are found fastest.
    functions.sort_unstable_by_key(|(address, _)| *address);
    let mut frames = Vec::new();
    for (address, row) in functions {
        frames.clear();
        table.frames_at(address, &mut frames);
        // What is inlined comes before the function.
        let Some(frame) = frames.last() else { continue };
        row.source_file = frame.file.as_deref().map(|path| shown(path).into_owned());
        row.line = frame.line.filter(|_| row.source_file.is_some());
    }
}

fn is_chosen(symbol: &ListedSymbol<'_>, args: &ListArgs) -> bool {
    let is_undefined = symbol.class == SymbolClass::Undefined;
    let only_defined = args.defined || args.exports;
    let only_undefined = args.undefined || args.imports;
    !(if is_undefined { only_defined } else { only_undefined })
}

fn order(by: SortArg) -> impl Fn(&SymbolRow, &SymbolRow) -> Ordering {
    let address = |row: &SymbolRow| (row.address.is_none(), row.address);
    move |one, other| match by {
        SortArg::Addr => address(one).cmp(&address(other)),
        SortArg::Name => one.shown().cmp(other.shown()).then(address(one).cmp(&address(other))),
        SortArg::Size => Reverse(one.size_bytes)
            .cmp(&Reverse(other.size_bytes))
            .then(address(one).cmp(&address(other))),
    }
}

/// A function of every Go program. A dot in a name of C does not end a package.
const GO_START: &[u8] = b"runtime.main";

/// Whether symbols are a Go program's.
fn are_of_go(symbols: &[ListedSymbol<'_>]) -> bool {
    symbols.iter().any(|symbol| *symbol.name == *GO_START)
}

/// Makes the names that people read.
struct Names {
    demangler: Demangler,
    is_off: bool,
    /// Whether names that are not mangled are Go's.
    are_of_go: bool,
}

impl Names {
    fn row(&mut self, symbol: &ListedSymbol<'_>) -> SymbolRow {
        let (demangled, scheme, is_too_long) = self.demangle(&symbol.name);
        let name = String::from_utf8_lossy(&symbol.name).into_owned();
        let package = owner(demangled.as_deref().unwrap_or(&name), scheme).map(Cow::into_owned);
        SymbolRow {
            package: package.filter(|_| scheme.is_some() || self.are_of_go),
            demangled,
            is_too_long,
            address: symbol.address,
            size_bytes: symbol.size_bytes,
            class: symbol.class,
            scope: symbol.scope,
            version: symbol.version.map(|version| {
                let at = if version.is_default { "@@" } else { "@" };
                format!("{at}{}", String::from_utf8_lossy(version.name))
            }),
            library: symbol.library.as_ref().map(|it| String::from_utf8_lossy(it).into_owned()),
            ordinal: symbol.ordinal,
            source: symbol.source,
            source_file: symbol.file.map(str::to_owned),
            line: symbol.line,
            name,
        }
    }

    fn demangle(&mut self, name: &[u8]) -> (Option<String>, Option<Scheme>, bool) {
        if self.is_off {
            return (None, None, false);
        }
        let mut text = Vec::new();
        match self.demangler.demangle(name, NameStyle::People, &mut text) {
            Ok(scheme) => (Some(String::from_utf8_lossy(&text).into_owned()), Some(scheme), false),
            Err(DemangleError::TooLong | DemangleError::TooMuchWork) => (None, None, true),
            Err(_) => (None, None, false),
        }
    }
}

impl Named for ImageSymbols {
    fn named(self, name: &Name, layers: &[Layer]) -> Self {
        Self { image: self.image.at(name, layers), ..self }
    }
}
