//! Says what each byte of a Go object belongs to.
//!
//! ```text
//! words, header, names, tables, relocations   what the format has for itself
//! data ─▶ each definition's ─▶ its symbol; without a name, the function that has it: line tables, stack maps
//! ```

use hashbrown::HashMap;

use super::fold::Folded;
use super::kind::ByteKind;
use super::labels::Labels;
use super::part::{Attribution, Part, PartLabels};
use crate::go_object::{Block, Definition, GoObject, Kind};
use crate::list::owner;

/// Attributes the bytes of a Go object, which has `file_bytes` in all. Memory is what its symbols take there.
#[must_use]
pub fn attribute_go_object(object: &GoObject<'_>, file_bytes: u64) -> Attribution {
    let mut sizes = Sizes::default();
    let data = object.block(Block::Data);
    let relocations = object.block(Block::Relocations);
    let tables = object.block(Block::Autolib).start;
    let blocks_end = object.block(Block::Names).end;
    let header = object.header().end;
    sizes.format("[header]", ByteKind::Headers, object.words + header);
    sizes.format("[names]", ByteKind::Symbols, tables - header);
    let symbols = blocks_end - tables - data.len() - relocations.len();
    sizes.format("[symbols]", ByteKind::Symbols, symbols);
    sizes.format("[relocations]", ByteKind::Relocations, relocations.len());
    let behind = file_bytes - (object.words + blocks_end) as u64;
    sizes.format("[appended]", ByteKind::Appended, usize::try_from(behind).unwrap_or_default());
    let labels: Vec<_> = object.definitions.iter().map(|it| sizes.labels_of(it)).collect();
    let owners = owners(object);
    let mut covered = 0;
    for (number, (definition, own)) in object.definitions.iter().zip(&labels).enumerate() {
        covered += definition.data.len();
        let owner = owners.get(&number).and_then(|owner| labels.get(*owner));
        sizes.symbol(definition, *own, owner.copied().unwrap_or_default());
    }
    sizes.format("[data]", ByteKind::Other, data.len() - covered);
    sizes.finish(file_bytes)
}

/// The first named definition that each definition belongs to.
fn owners(object: &GoObject<'_>) -> HashMap<usize, usize> {
    let mut owners = HashMap::new();
    for (number, definition) in object.definitions.iter().enumerate() {
        if !definition.name.is_empty() {
            for (_, other) in object.others(definition) {
                owners.entry(other).or_insert(number);
            }
        }
    }
    owners
}

/// What is said of a definition.
#[derive(Clone, Copy, Debug, Default)]
struct OwnLabels {
    symbol: Option<u32>,
    package: Option<u32>,
    file: Option<u32>,
}

#[derive(Default)]
struct Sizes {
    sections: Labels,
    labels: PartLabels,
    /// Parts without their bytes, and the bytes.
    parts: HashMap<Part, (u64, u64)>,
}

impl Sizes {
    /// Adds bytes that the format has for itself.
    fn format(&mut self, section: &str, kind: ByteKind, bytes: usize) {
        let part = self.part(section, kind);
        self.add(part, bytes as u64, 0);
    }

    fn labels_of(&mut self, it: &Definition<'_>) -> OwnLabels {
        if it.name.is_empty() {
            return OwnLabels::default();
        }
        let PartLabels { symbols, packages, files, .. } = &mut self.labels;
        let name = String::from_utf8_lossy(it.name);
        OwnLabels {
            symbol: Some(symbols.number(&name)),
            package: owner(&name, None).map(|package| packages.number(&package)),
            file: it.place.map(|place| files.number(place.file)),
        }
    }

    fn symbol(&mut self, it: &Definition<'_>, own: OwnLabels, owner: OwnLabels) {
        let (section, kind) = section(it.kind);
        let part = Part {
            symbol: own.symbol.or(owner.symbol),
            package: own.package.or(owner.package),
            file: own.file.or(owner.file),
            ..self.part(section, kind)
        };
        let is_loaded = !it.name.is_empty() && !matches!(it.kind, Kind::Debug | Kind::Other);
        let memory_bytes = if is_loaded { it.size.into() } else { 0 };
        self.add(part, it.data.len() as u64, memory_bytes);
    }

    fn part(&mut self, section: &str, kind: ByteKind) -> Part {
        Part {
            section: self.sections.number(section),
            kind,
            segment: None,
            symbol: None,
            inlined: None,
            package: None,
            file: None,
            unit: None,
            file_bytes: 0,
            memory_bytes: 0,
        }
    }

    fn add(&mut self, part: Part, file_bytes: u64, memory_bytes: u64) {
        if (file_bytes, memory_bytes) != (0, 0) {
            let sum = self.parts.entry(part).or_default();
            *sum = (sum.0 + file_bytes, sum.1 + memory_bytes);
        }
    }

    fn finish(self, file_bytes: u64) -> Attribution {
        let with_bytes =
            |(part, (file_bytes, memory_bytes))| Part { file_bytes, memory_bytes, ..part };
        Attribution {
            file_bytes,
            memory_bytes: self.parts.values().map(|(_, memory_bytes)| memory_bytes).sum(),
            sections: self.sections.into_names(),
            segments: Vec::new(),
            is_go: true,
            folded: Folded::default(),
            symbols: self.labels.symbols.into_names(),
            packages: self.labels.packages.into_names(),
            files: self.labels.files.into_names(),
            units: Vec::new(),
            only_inlined: Vec::new(),
            parts: self.parts.into_iter().map(with_bytes).collect(),
        }
    }
}

fn section(kind: Kind) -> (&'static str, ByteKind) {
    match kind {
        Kind::Code => ("text", ByteKind::Code),
        Kind::ReadOnlyData => ("rodata", ByteKind::ReadOnlyData),
        Kind::DataWithoutPointers => ("noptrdata", ByteKind::Data),
        Kind::Data => ("data", ByteKind::Data),
        Kind::ZeroedData => ("bss", ByteKind::ZeroedData),
        Kind::ThreadLocal => ("tbss", ByteKind::ZeroedData),
        Kind::Debug => ("debug", ByteKind::Debug),
        Kind::Other => ("other", ByteKind::Other),
    }
}
