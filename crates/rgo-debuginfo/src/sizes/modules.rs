//! The compile units that a PDB lists: object files, on their own or from libraries, and the bytes that the linker took
//! of each.

use super::labels::Labels;
use super::runs::{Run, Runs};
use super::space::Space;
use super::units::Units;
use crate::lines::PdbModule;

/// The modules of a PDB as units.
pub(super) fn units(
    space: &Space,
    modules: &[PdbModule],
    [names, packages]: [&mut Labels; 2],
) -> Units {
    let mut units = Units::default();
    let mut claims = Vec::new();
    for (label, module) in (0..).zip(modules) {
        units.names.push(names.number(&module.name));
        units.packages.push(module.package.as_deref().map(|package| packages.number(package)));
        for (address, size) in &module.stretches {
            let Some(start) = space.locate(None, *address) else { continue };
            // What a module has in a section does not go on in the next.
            let Some(place) = space.places.run_at(start) else { continue };
            let end = start.saturating_add(*size).min(place.end);
            claims.push(Run { start, end, label });
        }
    }
    units.runs = Runs::innermost(claims);
    units
}
