//! Go programs for tests, laid out by hand from the documented layouts: the function table, the
//! moduledata that points into it, and an image around both in each format.

use super::bytes::Bytes;
use super::go_types::TypeForm;

/// The text starts here in every program below.
pub(crate) const TEXT: u64 = 0x1_0000_1000;
/// Every function has so many bytes.
pub(crate) const SIZE: u64 = 0x40;

/// The layouts of the function table, by their magic numbers.
pub(crate) const MAGICS: [u32; 4] = [0xffff_fffb, 0xffff_fffa, 0xffff_fff0, 0xffff_fff1];
const GO12: u32 = MAGICS[0];
const GO116: u32 = MAGICS[1];

/// The texts of a function table, and where each function's begin in them.
struct Texts {
    names: Vec<u8>,
    files: Vec<u8>,
    /// The tables by which a function's code leads to its file.
    values: Vec<u8>,
    places: Vec<Place>,
}

struct Place {
    name: u64,
    file: Option<u64>,
    /// Zero for none.
    value: u64,
}

/// A section in its file.
struct Placed {
    address: u64,
    writable: bool,
    offset: u64,
    size: u64,
}

/// A Go program in the making.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) magic: u32,
    pub(crate) size: usize,
    pub(crate) big: bool,
    /// Names of functions, each with its file.
    pub(crate) functions: Vec<(&'static str, Option<&'static str>)>,
    /// What `runtime.buildVersion` points at.
    pub(crate) version: &'static str,
    /// What the table's header says of where the text starts.
    pub(crate) header_text: u64,
    /// Address of the first section.
    pub(crate) base: u64,
    /// How it has types, if it has some.
    pub(crate) types: Option<TypeForm>,
}

impl Program {
    pub(crate) fn new(magic: u32, size: usize, big: bool) -> Self {
        let version = match magic {
            GO12 => "go1.14.2",
            GO116 => "go1.17.2",
            0xffff_fff0 => "go1.19.3",
            _ => "go1.26.5",
        };
        Self {
            magic,
            size,
            big,
            functions: vec![
                ("runtime.memequal", Some("internal/bytealg/equal_amd64.s")),
                ("runtime.main", Some("runtime/proc.go")),
                ("_rt0_amd64_linux", Some("runtime/rt0_linux_amd64.s")),
                ("a.b/c/v2/d%2ex.(*T).M", Some("a.b/c/v2@v2.3.4/d.x/d.go")),
                ("type:.eq.main.t", None),
                ("main.main", Some("github.com/me/prog/cmd/prog/main.go")),
                (
                    "github.com/me/prog/internal/x.F[...]",
                    Some("github.com/me/prog/internal/x/x.go"),
                ),
            ],
            version,
            header_text: 0,
            base: if size == 4 { 0x40_0000 } else { TEXT - 0x1000 },
            types: None,
        }
    }

    pub(crate) fn text(&self) -> u64 {
        self.base + 0x1000
    }

    fn bytes(&self) -> Bytes {
        Bytes::new(self.size, self.big)
    }

    /// The table, and where its parts start: names, units, files, values, functab.
    pub(crate) fn table(&self) -> (Vec<u8>, [u64; 5]) {
        let texts = self.texts();
        let mut out = self.bytes();
        out.number(self.magic.into(), 4);
        out.data.extend([0, 0, 1, u8::try_from(self.size).expect("small")]);
        out.word(self.functions.len() as u64);
        let parts = if self.magic == GO12 {
            self.put_go12(&mut out, texts)
        } else {
            self.put_go116(&mut out, texts)
        };
        (out.data, parts)
    }

    fn texts(&self) -> Texts {
        let (mut names, mut files, mut values) = (vec![0], vec![0], vec![0]);
        let mut places = Vec::new();
        for (index, (name, file)) in self.functions.iter().enumerate() {
            places.push(Place {
                name: names.len() as u64,
                file: file.map(|_| files.len() as u64),
                value: file.map_or(0, |_| values.len() as u64),
            });
            names.extend([name.as_bytes(), b"\0"].concat());
            files.extend(file.map(|file| [file.as_bytes(), b"\0"].concat()).unwrap_or_default());
            // A file's number, from -1 on: its function's, and in Go 1.2 counted from 1.
            let number = index + usize::from(self.magic == GO12);
            let change = u8::try_from(2 * (number + 1)).expect("few functions");
            values.extend([change, 8, 0]);
        }
        Texts { names, files, values, places }
    }

    /// The layout of Go 1.2: functab, records, names, values, texts of files, files.
    fn put_go12(&self, out: &mut Bytes, texts: Texts) -> [u64; 5] {
        let Texts { names, files, values, places } = texts;
        let count = self.functions.len();
        let records = out.data.len() + self.functab_size() + 4;
        let names_at = records + count * self.record_size();
        let values_at = names_at + names.len();
        let strings_at = values_at + values.len();
        let files_at = (strings_at + files.len()).next_multiple_of(4);
        self.put_functab(out, self.text(), records);
        out.number(files_at as u64, 4);
        for (index, place) in places.iter().enumerate() {
            let value = if place.value == 0 { 0 } else { place.value + values_at as u64 };
            self.put_record(out, index, self.text(), place.name + names_at as u64, value);
        }
        out.data.extend([names, values, files].concat());
        out.pad(4);
        assert_eq!(out.data.len(), files_at);
        out.number(count as u64 + 1, 4);
        for place in &places {
            out.number(place.file.map_or(0, |at| at + strings_at as u64), 4);
        }
        [0, 0, files_at as u64, 0, 8 + self.size as u64]
    }

    /// The layouts since Go 1.16: where the parts start, names, units, files, values, functab, records.
    fn put_go116(&self, out: &mut Bytes, texts: Texts) -> [u64; 5] {
        let Texts { names, files, values, places } = texts;
        let words = if self.magic == GO116 { 6 } else { 7 };
        let start = if self.magic == GO116 { self.text() } else { 0 };
        let names_at = (out.data.len() + words * self.size).next_multiple_of(4);
        let units_at = (names_at + names.len()).next_multiple_of(4);
        let files_at = units_at + places.len() * 4;
        let values_at = files_at + files.len();
        let functab_at = (values_at + values.len()).next_multiple_of(8);
        out.word(places.len() as u64);
        if self.magic != GO116 {
            out.word(self.header_text);
        }
        let parts = [names_at, units_at, files_at, values_at, functab_at].map(|at| at as u64);
        parts.iter().for_each(|at| out.word(*at));
        out.pad(4);
        out.data.extend(names);
        out.pad(4);
        for place in &places {
            out.number(place.file.unwrap_or(0xffff_ffff), 4);
        }
        out.data.extend([files, values].concat());
        out.pad(8);
        assert_eq!(out.data.len(), functab_at);
        // Records are counted from the functab, and follow it.
        self.put_functab(out, start, self.functab_size());
        for (index, place) in places.iter().enumerate() {
            self.put_record(out, index, start, place.name, place.value);
        }
        parts
    }

    /// Bytes of a number in functab.
    fn field(&self) -> usize {
        if self.magic >= 0xffff_fff0 && self.magic < GO116 { 4 } else { self.size }
    }

    fn functab_size(&self) -> usize {
        (2 * self.functions.len() + 1) * self.field()
    }

    fn record_size(&self) -> usize {
        self.field() + 9 * 4
    }

    fn put_functab(&self, out: &mut Bytes, start: u64, records: usize) {
        let count = self.functions.len();
        for index in 0..count {
            out.number(start + index as u64 * SIZE, self.field());
            out.number((records + index * self.record_size()) as u64, self.field());
        }
        out.number(start + count as u64 * SIZE, self.field());
    }

    fn put_record(&self, out: &mut Bytes, index: usize, start: u64, name: u64, file: u64) {
        out.number(start + index as u64 * SIZE, self.field());
        // name, args, deferreturn, pcsp, pcfile, pcln, npcdata; the unit's first file is 0.
        out.numbers(&[name, 0, 0, 0, file, 0, 0, 0, 0].map(|value| (value, 4)));
    }

    /// The program's sections: text, table, read-only strings, variables. `pointer` writes a
    /// pointer as the format has it.
    pub(crate) fn sections(&self, pointer: impl Fn(u64) -> u64) -> [(u64, bool, Vec<u8>); 4] {
        let (table, parts) = self.table();
        let table_at = self.base + 0x2000;
        let strings_at = table_at + 0x2000;
        let data_at = strings_at + 0x1000;
        let mut strings = b"go1.99.9".to_vec();
        strings.extend([self.version.as_bytes(), b"\0", b"path not go1.1"].concat());
        let mut data = self.bytes();
        // Strings that are not it, and the one that is.
        data.numbers(&[(pointer(strings_at + 8 + 14), self.size), (6, self.size)]);
        data.numbers(&[(pointer(strings_at), self.size), (8, self.size)]);
        let length = self.version.len() as u64;
        data.numbers(&[(pointer(strings_at + 8), self.size), (length, self.size)]);
        let end = data_at + data.data.len() as u64;
        data.word(1);
        let into = |at: u64| pointer(table_at + at);
        let [names, units, files, values, functab] = parts;
        let mut words = vec![into(0)];
        if self.magic == GO12 {
            let count = self.functions.len() as u64 + 1;
            words.extend([9, 9, into(functab), count, count, into(files), 8, 8, 0, 1, 2]);
        } else {
            for at in [names, units, files, values, functab, functab] {
                words.extend([into(at), 9, 9]);
            }
            words.extend([0, 1, 2]);
        }
        words.extend([self.text(), self.text() + 0x500, data_at, data_at].map(&pointer));
        words.extend([pointer(data_at), pointer(end)]);
        if let Some(form) = self.types {
            words.extend(self.type_words(form, &pointer));
            strings.resize(0x100, 0);
            strings.extend(self.types_of(form).data);
        }
        words.iter().for_each(|word| data.word(*word));
        [
            (self.text(), false, vec![0x90; 0x600]),
            (table_at, false, table),
            (strings_at, false, strings),
            (data_at, true, data.data),
        ]
    }

    /// The program as ELF, its sections by these names; without names it has no sections.
    pub(crate) fn elf(&self, names: Option<&[&str]>) -> Vec<u8> {
        let sections = self.sections(|address| address);
        self.elf_of(&sections, names)
    }

    pub(crate) fn elf_of(
        &self,
        sections: &[(u64, bool, Vec<u8>)],
        names: Option<&[&str]>,
    ) -> Vec<u8> {
        let (header, program) = if self.size == 8 { (64, 56) } else { (52, 32) };
        let mut body = self.bytes();
        body.data.resize(header + program * sections.len(), 0);
        let mut placed = Vec::new();
        for (address, writable, data) in sections {
            body.pad(16);
            let (offset, size) = (body.data.len() as u64, data.len() as u64);
            placed.push(Placed { address: *address, writable: *writable, offset, size });
            body.data.extend(data);
        }
        let sections_at = names.map(|names| put_section_headers(&mut body, names, &placed));
        let mut head = self.bytes();
        self.put_elf_header(&mut head, placed.len() as u64, sections_at);
        for section in &placed {
            put_program_header(&mut head, section);
        }
        body.data[..head.data.len()].copy_from_slice(&head.data);
        body.data
    }

    /// The header of a file with so many sections. `sections_at` is the offset of the sections' headers,
    /// before which are that of nothing and that of their names.
    fn put_elf_header(&self, out: &mut Bytes, sections: u64, sections_at: Option<u64>) {
        let wide = self.size == 8;
        let (header, program, section) = if wide { (64, 56, 64) } else { (52, 32, 40) };
        out.data.extend(b"\x7fELF");
        out.data.extend([if wide { 2 } else { 1 }, if self.big { 2 } else { 1 }, 1]);
        out.data.resize(16, 0);
        let machine = match (wide, self.big) {
            (true, false) => 62,
            (false, false) => 3,
            (true, true) => 22,
            (false, true) => 8,
        };
        let p = self.size;
        out.numbers(&[(2, 2), (machine, 2), (1, 4), (0, p), (header, p)]);
        out.numbers(&[(sections_at.unwrap_or(0), p), (0, 4)]);
        out.numbers(&[(header, 2), (program, 2), (sections, 2)]);
        let (count, of_names) = if sections_at.is_some() { (sections + 2, 1) } else { (0, 0) };
        out.numbers(&[(section, 2), (count, 2), (of_names, 2)]);
    }

    /// The program as a 64-bit Mach-O image with a segment per section.
    pub(crate) fn macho(&self, pointer: impl Fn(u64) -> u64) -> Vec<u8> {
        let names = ["__text", "__gopclntab", "__rodata", "__data"];
        self.macho_of(&self.sections(pointer), &names)
    }

    /// A 64-bit Mach-O image with these sections, by these names.
    pub(crate) fn macho_of(&self, sections: &[(u64, bool, Vec<u8>)], names: &[&str]) -> Vec<u8> {
        // The header's own segment, which addresses count from.
        let mut sections = sections.to_vec();
        sections.insert(0, (self.base, false, vec![0; 16]));
        let names = ["__header"].iter().chain(names);
        let mut out = Bytes::new(8, false);
        let commands = sections.len() * (72 + 80);
        out.numbers(&[(0xfeed_facf, 4), (0x0100_0007, 4), (3, 4), (2, 4)]);
        out.numbers(&[(sections.len() as u64, 4), (commands as u64, 4), (0, 4), (0, 4)]);
        let mut offset = 32 + commands as u64;
        for ((address, writable, data), name) in sections.iter().zip(names) {
            let size = data.len() as u64;
            let protection = if *writable { 3 } else { 1 };
            let named = |out: &mut Bytes, name: &str| {
                let end = out.data.len() + 16;
                out.data.extend(name.as_bytes());
                out.data.resize(end, 0);
            };
            out.numbers(&[(0x19, 4), (152, 4)]);
            named(&mut out, "__SEG");
            out.numbers(&[(*address, 8), (size, 8), (offset, 8), (size, 8)]);
            out.numbers(&[(protection, 4), (protection, 4), (1, 4), (0, 4)]);
            named(&mut out, name);
            named(&mut out, "__SEG");
            out.numbers(&[(*address, 8), (size, 8), (offset, 4), (0, 4)]);
            out.numbers(&[(0, 4), (0, 4), (0, 4), (0, 4), (0, 4), (0, 4)]);
            offset += size;
        }
        for (_, _, data) in sections {
            out.data.extend(data);
        }
        out.data
    }

    /// The program as a PE image whose sections' names say nothing.
    pub(crate) fn pe(&self) -> Vec<u8> {
        self.pe_of(&self.sections(|address| address), &[".a", ".b", ".c", ".d"])
    }

    /// A PE image with these sections, by these names.
    pub(crate) fn pe_of(&self, sections: &[(u64, bool, Vec<u8>)], names: &[&str]) -> Vec<u8> {
        let wide = self.size == 8;
        let mut out = Bytes::new(self.size, false);
        out.data.extend(b"MZ");
        out.data.resize(0x3c, 0);
        out.number(0x40, 4);
        out.data.extend(b"PE\0\0");
        let optional = if wide { 112 } else { 96 };
        let machine = if wide { 0x8664 } else { 0x14c };
        out.numbers(&[
            (machine, 2),
            (sections.len() as u64, 2),
            (0, 4),
            (0, 4),
            (0, 4),
            (optional, 2),
            (0x22, 2),
        ]);
        // Magic, versions and sizes, entry, base of code (and of data).
        out.numbers(&[(if wide { 0x20b } else { 0x10b }, 2), (0, 2), (0, 4), (0, 4), (0, 4)]);
        out.numbers(&[(0x1000, 4), (0x1000, 4)]);
        if !wide {
            out.number(0x5000, 4);
        }
        out.word(self.base);
        out.numbers(&[(0x1000, 4), (0x200, 4), (0, 8), (0, 8), (0x7000, 4), (0x400, 4)]);
        out.numbers(&[(0, 4), (3, 2), (0, 2), (0, self.size), (0, self.size), (0, self.size)]);
        out.numbers(&[(0, self.size), (0, 4), (0, 4)]);
        let mut offset = 0x400;
        let mut body = Vec::new();
        for ((address, writable, data), name) in sections.iter().zip(names) {
            let end = out.data.len() + 8;
            out.data.extend(name.as_bytes());
            out.data.resize(end, 0);
            let raw = data.len().next_multiple_of(0x200);
            out.numbers(&[(data.len() as u64, 4), (address - self.base, 4)]);
            out.numbers(&[(raw as u64, 4), (offset, 4), (0, 8), (0, 4)]);
            out.number(if *writable { 0xc000_0040 } else { 0x4000_0040 }, 4);
            body.extend(data);
            body.resize(body.len().next_multiple_of(0x200), 0);
            offset += raw as u64;
        }
        out.pad(0x400);
        out.data.extend(body);
        out.data
    }
}

/// Appends the names of ELF sections and their headers, and gives the headers' offset.
fn put_section_headers(out: &mut Bytes, names: &[&str], placed: &[Placed]) -> u64 {
    let mut table = b"\0.shstrtab\0".to_vec();
    let mut name_at = Vec::new();
    for name in names {
        name_at.push(table.len() as u64);
        table.extend([name.as_bytes(), b"\0"].concat());
    }
    let table_at = out.data.len() as u64;
    out.data.extend(&table);
    out.pad(16);
    let headers_at = out.data.len() as u64;
    let p = out.size;
    // sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, align, entsize
    let mut put = |name, kind, address, offset, size| {
        out.numbers(&[(name, 4), (kind, 4), (0, p), (address, p), (offset, p), (size, p)]);
        out.numbers(&[(0, 4), (0, 4), (1, p), (0, p)]);
    };
    put(0, 0, 0, 0, 0);
    put(1, 3, 0, table_at, table.len() as u64);
    for ((name, at), section) in names.iter().zip(name_at).zip(placed) {
        let kind = if name.starts_with(".rela") { 4 } else { 1 };
        put(at, kind, section.address, section.offset, section.size);
    }
    headers_at
}

/// Appends a PT_LOAD of ELF.
fn put_program_header(out: &mut Bytes, section: &Placed) {
    let Placed { address, writable, offset, size } = *section;
    let flags = if writable { 6 } else { 4 };
    let p = out.size;
    out.number(1, 4);
    if p == 8 {
        out.number(flags, 4);
    }
    out.numbers(&[(offset, p), (address, p), (address, p), (size, p), (size, p)]);
    if p == 4 {
        out.number(flags, 4);
    }
    out.number(16, p);
}
