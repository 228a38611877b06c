//! Records of types as the runtime has them (Go, `internal/abi/type.go`; before Go 1.21 `runtime/type.go`). W is the
//! size of a pointer. All parts of a record follow each other.
//!
//! ```text
//! Type        0 size  W bytes with pointers  2W hash: 4 bytes  +4 flags  +5, +6 alignments  +7 kind: its low 5 bits
//!             2W+8 equal  3W+8 gcdata  4W+8 name: offset  4W+12 pointer type: offset
//! the kind    array: element, slice, length          chan: element, direction
//!             func: counts of in and out, 2 bytes each, padded
//!             interface, struct: package's name, then pointer, length, capacity of methods or fields
//!             pointer, slice: element                map: key, element, group or bucket, hasher, then
//!                    buckets: 8 bytes                since Go 1.24: 3 words, 4 bytes, padded; 1.27: 6 words
//! uncommon    if flag 1: 0 package's name: offset  4 methods: 2 bytes  8 distance of the methods  16
//! more        func: W for each in and out
//!             interface: for each method the offsets of name and type
//!             struct: for each field name, type, offset: W each
//! methods     offsets of name, type and two functions
//! ```

use super::table::TypeTable;

const UNCOMMON: u8 = 1;
const EXTRA_STAR: u8 = 2;
const NAMED: u8 = 4;
const ALL_FLAGS: u8 = 0x3f;
const KIND: u8 = 0x1f;
const MAX_ALIGNMENT: u8 = 64;
const UNCOMMON_BYTES: usize = 16;
const METHOD_BYTES: usize = 16;
const INTERFACE_METHOD_BYTES: usize = 8;

/// What differs between records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, a string or an unsafe pointer.
    Plain,
    Array,
    Chan,
    Func,
    Interface,
    Map,
    Pointer,
    Slice,
    Struct,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte & KIND {
            1..=16 | 24 | 26 => Self::Plain,
            17 => Self::Array,
            18 => Self::Chan,
            19 => Self::Func,
            20 => Self::Interface,
            21 => Self::Map,
            22 => Self::Pointer,
            23 => Self::Slice,
            25 => Self::Struct,
            _ => return None,
        })
    }
}

/// A record. Places are offsets from the start of all types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// The type's name.
    pub(super) name: usize,
    /// Whether it is a type with a name of its own.
    pub(super) is_named: bool,
    /// The name of the package that defines it.
    pub(super) package: Option<usize>,
    /// Parameters, methods of an interface, or fields: where they are, and how many.
    pub(super) rows: (usize, usize),
    /// Methods: likewise.
    pub(super) methods: (usize, usize),
}

impl Record {
    /// Reads the record at an offset; `None` if none can be there.
    pub(super) fn read(table: &mut TypeTable<'_, '_>, at: usize) -> Option<Self> {
        let word = table.words.size;
        let fixed = table.data.get(at..at.checked_add(4 * word + 16)?)?;
        let &[flags, align, field_align, kind] = fixed.get(2 * word + 4..)?.first_chunk()?;
        let kind = Kind::of(kind)?;
        let fits = |align: u8| align.is_power_of_two() && align <= MAX_ALIGNMENT;
        if flags & !ALL_FLAGS != 0 || !fits(align) || !fits(field_align) {
            return None;
        }
        let (size, pointers) = (table.words.word(fixed, 0)?, table.words.word(fixed, word)?);
        let offset = |at: usize| Some(table.words.u32(fixed, at)? as usize);
        let (name, pointer_type) = (offset(4 * word + 8)?, offset(4 * word + 12)?);
        if pointers > size || pointer_type >= table.data.len() {
            return None;
        }
        let (text, _) = table.name(name)?;
        let text = if flags & EXTRA_STAR != 0 { text.strip_prefix('*')? } else { text };
        let is_named = flags & NAMED != 0;
        if !is_named && !starts_as(kind, text) || text.is_empty() {
            return None;
        }
        let record = Self {
            at,
            end: at,
            kind,
            name,
            is_named,
            package: None,
            rows: (at, 0),
            methods: (at, 0),
        };
        record.with_extent(table, flags & UNCOMMON != 0)
    }

    /// Finds what follows the fixed part.
    fn with_extent(mut self, table: &TypeTable<'_, '_>, has_uncommon: bool) -> Option<Self> {
        let word = table.words.size;
        let own = self.own();
        let own = own(table, self.at)?;
        let uncommon = self.at.checked_add(own)?;
        let rows = if has_uncommon { uncommon.checked_add(UNCOMMON_BYTES)? } else { uncommon };
        let list = self.at + 5 * word + 16;
        let (count, size) = match self.kind {
            Kind::Func => {
                let (taken, given) =
                    (table.u16(self.at + 4 * word + 16)?, table.u16(self.at + 4 * word + 18)?);
                // The highest bit says that the last parameter stands for several.
                (usize::from(taken) + usize::from(given & 0x7fff), word)
            }
            Kind::Interface => (table.count(list, rows)?, INTERFACE_METHOD_BYTES),
            Kind::Struct => (table.count(list, rows)?, 3 * word),
            _ => (0, 0),
        };
        self.rows = (rows, count);
        self.end = rows.checked_add(count.checked_mul(size)?)?;
        if has_uncommon {
            self.package = Some(table.u32(uncommon)? as usize).filter(|name| *name != 0);
            let methods = usize::from(table.u16(uncommon + 4)?);
            let start = uncommon.checked_add(table.u32(uncommon + 8)? as usize)?;
            if methods != 0 && start != self.end {
                return None;
            }
            self.methods = (self.end, methods);
            self.end += methods * METHOD_BYTES;
        }
        (self.end <= table.data.len()).then_some(self)
    }

    /// The bytes of the part that all records of its kind have.
    fn own(&self) -> fn(&TypeTable<'_, '_>, usize) -> Option<usize> {
        match self.kind {
            Kind::Plain => |table, _| Some(4 * table.words.size + 16),
            Kind::Func | Kind::Pointer | Kind::Slice => |table, _| Some(5 * table.words.size + 16),
            Kind::Chan => |table, _| Some(6 * table.words.size + 16),
            Kind::Array => |table, _| Some(7 * table.words.size + 16),
            Kind::Interface | Kind::Struct => |table, _| Some(8 * table.words.size + 16),
            Kind::Map => map_bytes,
        }
    }

    /// The types that it is made of, by their offsets: what it holds before its keys.
    pub(super) fn each_part(&self, table: &TypeTable<'_, '_>, mut each: impl FnMut(usize)) {
        let word = table.words.size;
        let first = self.at + 4 * word + 16;
        let mut pointer = |at: usize| table.pointer(at).into_iter().for_each(&mut each);
        let (rows, count) = self.rows;
        match self.kind {
            Kind::Plain => {}
            Kind::Array | Kind::Chan | Kind::Pointer | Kind::Slice => pointer(first),
            Kind::Map => [first + word, first].into_iter().for_each(pointer),
            Kind::Func => (0..count).for_each(|row| pointer(rows + row * word)),
            Kind::Struct => (0..count).for_each(|row| pointer(rows + (3 * row + 1) * word)),
            Kind::Interface => (0..count)
                .filter_map(|row| table.u32(rows + row * INTERFACE_METHOD_BYTES + 4))
                .for_each(|offset| each(offset as usize)),
        }
    }

    /// The names that it refers to, by their offsets; that of its package, which only types without a name have here.
    pub(super) fn each_name(&self, table: &TypeTable<'_, '_>, mut each: impl FnMut(usize)) {
        let word = table.words.size;
        each(self.name);
        self.package.into_iter().for_each(&mut each);
        self.own_package(table).into_iter().for_each(&mut each);
        let (rows, count) = self.rows;
        for row in 0..count {
            let name = match self.kind {
                Kind::Struct => table.pointer(rows + 3 * row * word),
                Kind::Interface => {
                    table.u32(rows + row * INTERFACE_METHOD_BYTES).map(|at| at as usize)
                }
                _ => None,
            };
            name.into_iter().for_each(&mut each);
        }
        let (methods, count) = self.methods;
        (0..count)
            .filter_map(|row| table.u32(methods + row * METHOD_BYTES))
            .for_each(|name| each(name as usize));
    }

    /// The name of the package whose names an interface or a structure without a name has.
    pub(super) fn own_package(&self, table: &TypeTable<'_, '_>) -> Option<usize> {
        let has_one = matches!(self.kind, Kind::Interface | Kind::Struct);
        has_one.then(|| table.pointer(self.at + 4 * table.words.size + 16))?
    }
}

/// Whether the name of a type without a name of its own is that of its kind.
fn starts_as(kind: Kind, name: &str) -> bool {
    match kind {
        // Types of the language have names.
        Kind::Plain => false,
        Kind::Array | Kind::Slice => name.starts_with('['),
        Kind::Chan => name.starts_with("chan") || name.starts_with("<-chan"),
        Kind::Func => name.starts_with("func("),
        Kind::Interface => name.starts_with("interface"),
        Kind::Map => name.starts_with("map["),
        Kind::Pointer => name.starts_with('*'),
        // What maps are made of has names such as `map.group[string]int`.
        Kind::Struct => name.starts_with("struct") || name.starts_with("map."),
    }
}

/// The bytes of a map's record. The maps of Go 1.24 say how large a group is, with the number that the record of the
/// group has too; those before pack the sizes of keys, elements and buckets into as many bytes.
fn map_bytes(table: &TypeTable<'_, '_>, at: usize) -> Option<usize> {
    let word = table.words.size;
    let group = table.pointer(at + 6 * word + 16)?;
    let sizes = at + 8 * word + 16;
    let has_groups = table.words.word(table.data, sizes)? == table.words.word(table.data, group)?;
    let numbers = match (has_groups, table.has_wide_maps) {
        (false, _) => return Some(8 * word + 16 + 8),
        (true, false) => 3,
        (true, true) => 6,
    };
    // The flags are padded to a pointer.
    Some((8 + numbers + 1) * word + 16)
}
