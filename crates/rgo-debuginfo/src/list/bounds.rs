//! Measures functions by what the loader or the unwinder knows of them, in formats whose symbols have no sizes.
//!
//! ```text
//! Mach-O   LC_FUNCTION_STARTS (Apple, `mach-o/loader.h`): uleb128 distances, the first from the start of __TEXT
//! PE       the unwinder's table, `pe_functions`
//! ```

use object::read::macho::{LoadCommandVariant, MachHeader, MachOFile, Segment};
use rgo_binary::Image;

use super::pe_functions::{PeFunction, pe_functions};
use super::{ListedSymbol, SymbolClass};

/// Where functions begin, and where they end if that is known, sorted.
#[derive(Debug, Default)]
pub(crate) struct Bounds(Vec<(u64, Option<u64>)>);

/// Sets the sizes of functions.
pub(crate) fn measure(image: &Image<'_>, symbols: &mut [ListedSymbol<'_>]) {
    let bounds = Bounds::of(image);
    if bounds.0.is_empty() {
        return;
    }
    for symbol in symbols.iter_mut().filter(|it| it.class == SymbolClass::Function) {
        let Some(size) = symbol.address.and_then(|address| bounds.size(address)) else { continue };
        symbol.size_bytes = Some(symbol.size_bytes.map_or(size, |known| known.min(size)));
    }
}

impl Bounds {
    /// The bounds in an image. Damaged ones measure nothing: programs run without them.
    pub(crate) fn of(image: &Image<'_>) -> Self {
        let bounds = match image.object() {
            object::File::MachO32(file) => of_macho(file),
            object::File::MachO64(file) => of_macho(file),
            object::File::Pe64(file) => Some(of_pe(&pe_functions(file))),
            _ => None,
        };
        bounds.unwrap_or_default()
    }

    /// The size of the function that begins at an address.
    pub(crate) fn size(&self, address: u64) -> Option<u64> {
        let index = self.0.binary_search_by_key(&address, |(start, _)| *start).ok()?;
        let (start, end) = *self.0.get(index)?;
        let next = || self.0.get(index + 1).map(|(start, _)| *start);
        end.or_else(next)?.checked_sub(start).filter(|size| *size > 0)
    }
}

fn of_macho<H: MachHeader>(file: &MachOFile<'_, H>) -> Option<Bounds> {
    let endian = file.endian();
    let mut commands = file.macho_load_commands().ok()?;
    let (mut text, mut distances) = (None, None);
    while let Some(command) = commands.next().ok()? {
        if let Some((segment, _)) = H::Segment::from_command(command).ok()? {
            if segment.name() == b"__TEXT" {
                text = Some(segment.vmaddr(endian).into());
            }
        } else if let Ok(LoadCommandVariant::LinkeditData(data)) = command.variant()
            && data.cmd.get(endian) == object::macho::LC_FUNCTION_STARTS
        {
            let start = data.dataoff.get(endian) as usize;
            let end = start.checked_add(data.datasize.get(endian) as usize)?;
            distances = file.data().get(start..end);
        }
    }
    let mut address: u64 = text?;
    let mut rest = distances?;
    let mut starts = Vec::new();
    // A distance of 0 ends the list.
    while let Some(distance) = uleb128(&mut rest).filter(|distance| *distance > 0) {
        address = address.checked_add(distance)?;
        starts.push((address, None));
    }
    Some(Bounds(starts))
}

fn uleb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Joins the parts of functions that go on with the part before.
fn of_pe(parts: &[PeFunction]) -> Bounds {
    let mut functions: Vec<(u64, Option<u64>)> = Vec::with_capacity(parts.len());
    for part in parts {
        match functions.last_mut() {
            Some((_, end)) if part.goes_on && *end == Some(part.begin) => *end = Some(part.end),
            _ => functions.push((part.begin, Some(part.end))),
        }
    }
    Bounds(functions)
}
