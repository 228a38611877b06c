//! Says what each byte of an image belongs to: [`Attribution`].
//!
//! ```text
//! headers ─▶ layout ─▶ Space: every byte has a place (a section, headers, padding, …)
//! symbols ─▶ owners ─▶ the functions and variables that cover bytes
//! records of Go's types ─▶ go_types ─▶ their packages
//! code, pointers, Go's tables ─▶ references ─▶ the owners of data without symbols
//! debug data ─▶ units ─▶ the compile units of code, and of debug data; object files of a PDB (modules)
//!                          └─▶ sweep over all ─▶ Part: what the same things have, in bytes of file and memory
//! ```
//!
//! Each byte is counted once, so that the parts of an image add up to its size. What several symbols own is shared
//! out among them.

pub(crate) mod fold;
mod go_object;
mod go_types;
pub(crate) mod group;
pub mod kind;
pub(crate) mod labels;
mod layout;
mod modules;
mod names;
mod owners;
mod padding;
mod part;
mod references;
mod runs;
mod sources;
mod space;
mod unit_hints;
mod units;

use rgo_binary::Image;
use rgo_binary::recovered::go;

use crate::debug_list::{self, DebugListError};
use crate::lines::{DebugFiles, LineTable};
use crate::list::{self, ListError, Sources, SymbolClass};
pub use go_object::attribute_go_object;
use go_types::TypeRuns;
pub use group::{Group, Key, group};
pub use kind::ByteKind;
use labels::Labels;
use names::Namer;
use owners::Owners;
pub use part::{Attribution, Part};
use part::{Dimensions, PartLabels, parts};
use sources::InlinedCode;
use space::Space;
use units::Units;

/// Attributes the bytes of an image. `debug` is the image with its debug data: without it, there are no compile units,
/// and source files of Go programs alone. The units of a PDB are the object files that the linker took.
///
/// # Errors
/// If its headers or symbol tables are damaged.
pub fn attribute(
    image: &Image<'_>,
    debug: Option<&DebugFiles<'_>>,
) -> Result<Attribution, SizeError> {
    let space = layout::space(image)?;
    let symbols = match debug {
        Some(debug) => debug_list::list(debug)?,
        None => list::list(image, Sources::Best)?,
    };
    let mut owners = Owners::new(symbols);
    // A damaged table says nothing of owners; the list of symbols reports the damage.
    let program = go::program(image).ok().flatten();
    let types = TypeRuns::read(program.as_ref(), &space, &mut owners);
    let mut covered = owners.covered(&space);
    covered.exact = covered.exact.fill(&types.of_packages);
    let sources = references::Sources { image, program: program.as_ref(), parts: &types.others };
    let referred = references::data_owners(&sources, &space, &mut owners, &covered);
    let owned = covered.exact.fill(&referred.owners).fill(&covered.unmeasured);
    let owned = owned.fill(&types.others);
    // What symbols are around is not theirs where it aligns the data of others.
    let padding = padding::padding(&space, &owned, image.data());
    let owned = owned.fill(&covered.containers);
    let mut labels = PartLabels::default();
    let PartLabels { symbols: names, packages, files, units: unit_names } = &mut labels;
    let mut namer = Namer::new([names, packages, files], &owners.symbols);
    let mut named: Vec<_> = owners.symbols.iter().map(|symbol| namer.labels(symbol)).collect();
    let is_go = namer.is_go();
    types.name(&space, &owners, &mut named, namer.packages);
    let mut units = units_of(image, &space, debug, [&mut *unit_names, &mut *packages]);
    units.assign(&covered.exact.fill(&covered.unmeasured), &owners, &mut named, is_go);
    let symbols = &owners.symbols;
    let labels_of_units = [unit_names, packages];
    unit_hints::assign_by_table(image, &space, symbols, &mut units, &mut named, labels_of_units);
    unit_hints::assign_by_references(&referred.firsts, &owners, &mut named);
    // Damaged debug data name no files; whoever asks for lines is told of the damage.
    let mut inlined = InlinedCode::default();
    if let Some(Ok(mut table)) = debug.map(LineTable::new) {
        sources::assign(&mut table, &owners.symbols, &mut named, files);
        inlined = sources::inlined(&table, &space, names);
    }
    for (symbol, named) in owners.symbols.iter().zip(&named) {
        if symbol.class != SymbolClass::InlinedFunction {
            inlined.functions.remove(&named.name);
        }
    }
    let dimensions = Dimensions {
        units: &units,
        inlined: &inlined,
        space: &space,
        owned: &owned,
        padding: &padding,
        owners: &owners,
        named: &named,
    };
    Ok(parts(&dimensions, labels, is_go))
}

/// The compile units of debug data, or the object files of a PDB.
fn units_of(
    image: &Image<'_>,
    space: &Space,
    debug: Option<&DebugFiles<'_>>,
    labels: [&mut Labels; 2],
) -> Units {
    let Some(debug) = debug else { return Units::default() };
    let (sections, own) = debug.described_sections();
    match debug.pdb_modules() {
        Ok(modules) if !sections.has_units() => modules::units(space, &modules, labels),
        _ => units::units(image, space, sections, own, labels),
    }
}

/// Why sizes cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum SizeError {
    /// Its parts cannot be read.
    #[error("the parts of this format are not read")]
    Format,
    /// Its headers contradict themselves.
    #[error("malformed headers: {0}")]
    Malformed(#[from] object::Error),
    /// Its segments are larger than any memory.
    #[error("the segments have more than 2^62 bytes of memory")]
    TooLarge,
    /// A table of symbols is damaged.
    #[error(transparent)]
    Symbols(#[from] DebugListError),
}

impl From<ListError> for SizeError {
    fn from(error: ListError) -> Self {
        Self::Symbols(error.into())
    }
}
