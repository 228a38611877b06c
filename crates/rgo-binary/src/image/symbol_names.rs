//! Reads names of symbols without the additions of a format.

use object::{Object, ObjectSymbol};

use crate::image::dynamic_symbols::dynamic_symbols;
use crate::{Format, Image};

/// The names in the symbol table, or in the loader's table if there is no other: it repeats a part
/// of the first. Without the underscore that Mach-O puts before each name.
pub(crate) fn symbols<'i>(image: &'i Image<'_>) -> impl Iterator<Item = &'i [u8]> {
    let file = image.object();
    let underscore = image.format() == Format::MachO;
    let for_loader = file.symbols().next().is_none().then(|| dynamic_symbols(image));
    file.symbols()
        .filter_map(|symbol| symbol.name_bytes().ok())
        .chain(for_loader.into_iter().flatten().map(|symbol| symbol.name))
        .take(image.limits().max_symbols)
        .map(move |name| if underscore { name.strip_prefix(b"_").unwrap_or(name) } else { name })
}
