//! Types of Go programs for tests, laid out by hand as `internal/abi/type.go` documents them.

use super::bytes::Bytes;
use super::go_programs::{MAGICS, Program};

/// The package that has the types.
pub(crate) const PACKAGE: &str = "a.b/c";

/// How a program has its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeForm {
    /// Up to Go 1.16: lengths of names have two bytes.
    LongNames,
    /// With lists of offsets and of itabs.
    Lists,
    /// Since Go 1.27: without.
    Row,
}

/// Types in memory.
pub(crate) struct Types {
    pub(crate) data: Vec<u8>,
    /// Addresses of records, names and tables that are of [`PACKAGE`], and of those that are of the runtime or of none.
    pub(crate) of_package: Vec<(u64, u64)>,
    pub(crate) of_runtime: Vec<(u64, u64)>,
    pub(crate) of_none: Vec<(u64, u64)>,
    /// The address of the first byte.
    pub(crate) start: u64,
    pub(crate) links: u64,
    pub(crate) link_count: u64,
    pub(crate) itab: u64,
    pub(crate) itab_size: u64,
    pub(crate) itab_links: u64,
}

struct Builder {
    out: Bytes,
    start: u64,
    form: TypeForm,
}

impl Builder {
    fn name(&mut self, text: &str, tag: &str) -> u64 {
        let at = self.out.data.len() as u64;
        self.out.data.push(1 | u8::from(!tag.is_empty()) << 1);
        for part in [text, tag].into_iter().filter(|part| !part.is_empty()) {
            if self.form == TypeForm::LongNames {
                self.out.data.push(0);
            }
            self.out.data.push(u8::try_from(part.len()).expect("short"));
            self.out.data.extend(part.as_bytes());
        }
        at
    }

    fn offset(&self) -> u64 {
        self.out.data.len() as u64
    }

    fn pointer(&mut self, offset: u64) {
        let address = self.start + offset;
        self.out.word(address);
    }

    /// The part that all records have. Returns its offset.
    fn record(&mut self, bytes: u64, flags: u64, kind: u64, name: u64) -> u64 {
        self.out.pad(8);
        let at = self.offset();
        self.out.word(bytes);
        self.out.word(bytes);
        self.out.numbers(&[(0x1234_5678, 4), (flags, 1), (8, 1), (8, 1), (kind, 1)]);
        self.out.word(0);
        self.out.word(0);
        self.out.numbers(&[(name, 4), (0, 4)]);
        at
    }

    /// All names: where they begin and end.
    fn names(&mut self) -> Vec<(u64, u64)> {
        let mut names = Vec::new();
        for (text, tag) in [
            ("*c.T", ""),
            ("map[string]c.T", ""),
            ("*c.I", ""),
            (PACKAGE, ""),
            ("Name", "json"),
            ("Get", ""),
            ("string", ""),
            ("[]string", ""),
        ] {
            let at = self.name(text, tag);
            names.push((at, self.offset()));
        }
        names
    }

    /// A structure of a string and a pointer to itself, with a method. The pointer's record follows.
    fn structure(&mut self, [of_t, path, field, method]: [u64; 4], string: u64) -> u64 {
        let word = self.out.size as u64;
        let t = self.record(3 * word, 1 | 2 | 4, 25, of_t);
        self.pointer(path);
        let fields = t + 8 * word + 16 + 16;
        self.pointer(fields);
        self.out.word(2);
        self.out.word(2);
        self.out.numbers(&[(path, 4), (1, 2), (1, 2), (16 + 6 * word, 4), (0, 4)]);
        assert_eq!(self.offset(), fields);
        let pointer = fields + 6 * word + 16;
        for (part, offset) in [(string, 0), (pointer.next_multiple_of(8), 2 * word)] {
            self.pointer(field);
            self.pointer(part);
            self.out.word(offset);
        }
        self.out.numbers(&[(method, 4), (0, 4), (0, 4), (0, 4)]);
        t
    }

    /// An interface with a method.
    fn interface(&mut self, [of_i, path, method]: [u64; 3]) -> u64 {
        let word = self.out.size as u64;
        let interface = self.record(2 * word, 1 | 2 | 4, 20, of_i);
        self.pointer(path);
        self.pointer(interface + 8 * word + 16 + 16);
        self.out.word(1);
        self.out.word(1);
        self.out.numbers(&[(path, 4), (0, 2), (0, 2), (0, 4), (0, 4), (method, 4), (0, 4)]);
        interface
    }

    /// A map as before Go 1.24: its key, element and bucket.
    fn map(&mut self, name: u64, parts: [u64; 3]) -> u64 {
        let map = self.record(self.out.size as u64, 0, 21, name);
        for part in parts {
            self.pointer(part);
        }
        self.out.word(0);
        self.out.numbers(&[(8, 1), (8, 1), (208, 2), (4, 4)]);
        map
    }
}

impl Types {
    /// Types at an address: a string, `T` with two fields and a method, `*T`, `map[string]T`, `[]string`, and an
    /// interface that `T` has.
    pub(crate) fn new(size: usize, big: bool, start: u64, form: TypeForm) -> Self {
        let word = size as u64;
        let mut builder = Builder { out: Bytes::new(size, big), start, form };
        builder.out.word(0);
        let names = builder.names();
        let [of_t, of_map, of_i, path, field, method, of_string, of_slice] =
            [0, 1, 2, 3, 4, 5, 6, 7].map(|index: usize| names[index].0);
        let mut records = Vec::new();
        let string = builder.record(2 * word, 4, 24, of_string);
        records.push((string, builder.offset()));
        let t = builder.structure([of_t, path, field, method], string);
        records.push((t, builder.offset()));
        let of_pointer = builder.record(word, 0, 22, of_t);
        builder.pointer(t);
        records.push((of_pointer, builder.offset()));
        let map = builder.map(of_map, [string, t, t]);
        records.push((map, builder.offset()));
        let slice = builder.record(3 * word, 0, 23, of_slice);
        builder.pointer(string);
        records.push((slice, builder.offset()));
        let interface = builder.interface([of_i, path, method]);
        records.push((interface, builder.offset()));
        builder.out.pad(8);
        let itab = builder.offset();
        builder.pointer(interface);
        builder.pointer(t);
        builder.out.word(7);
        builder.out.word(0);
        let itab_end = builder.offset();
        let links = builder.offset();
        for record in [of_pointer, map, slice] {
            builder.out.number(record, 4);
        }
        builder.out.pad(8);
        let itab_links = builder.offset();
        builder.pointer(itab);
        let at = |(first, end): (u64, u64)| (start + first, start + end);
        let mut of_package: Vec<_> = names[..6].iter().copied().map(at).collect();
        of_package.extend([records[1], records[2], records[3], records[5]].map(at));
        of_package.push(at((itab, itab_end)));
        let mut of_none = vec![at(names[7]), at(records[4])];
        if form != TypeForm::Row {
            of_package.extend([(links, links + 4), (links + 4, links + 8)].map(at));
            of_none.push(at((links + 8, links + 12)));
            of_package.push(at((itab_links, itab_links + word)));
        }
        Self {
            data: builder.out.data,
            of_package,
            of_runtime: vec![at(names[6]), at(records[0])],
            of_none,
            start,
            links: start + links,
            link_count: 3,
            itab: start + itab,
            itab_size: itab_end - itab,
            itab_links: start + itab_links,
        }
    }
}

impl Program {
    /// Its types, which follow the strings.
    pub(crate) fn types_of(&self, form: TypeForm) -> Types {
        Types::new(self.size, self.big, self.base + 0x4100, form)
    }

    /// The words of the moduledata behind `edata`, for types.
    pub(super) fn type_words(&self, form: TypeForm, pointer: impl Fn(u64) -> u64) -> Vec<u64> {
        let types = self.types_of(form);
        let start = self.base + 0x4100;
        let end = start + types.data.len() as u64;
        let has_counters = self.magic == MAGICS[3];
        let mut words = vec![0; if has_counters { 9 } else { 7 }];
        if form == TypeForm::Row {
            let records = types.itab - start;
            words.extend([pointer(start), records, pointer(end), records, types.itab_size]);
            return words;
        }
        words.extend([pointer(start), pointer(end)]);
        if self.magic != MAGICS[1] {
            words.extend([0, 0]);
        }
        words.extend([0, 0, 0, pointer(types.links), types.link_count, types.link_count]);
        words.extend([pointer(types.itab_links), 1, 1]);
        words
    }
}
