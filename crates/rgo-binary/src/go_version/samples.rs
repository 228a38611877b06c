//! Small files of every format that Go reads, with build information, built field by field from the
//! documented layouts. The tests of `go_version` read and damage them; the tests of `rgo-version-m
//! --go` also compare rgo's answers for them with Go's.

/// The markers around the text (`cmd/go`, `modload`).
const MARKERS: [[u8; 16]; 2] = [
    *b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6",
    *b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2",
];
const MAGIC: &[u8; 14] = b"\xff Go buildinf:";

/// The text of a program with a replaced module and a quoted setting.
pub(crate) const TEXT: &[u8] = b"path\tx.org/a\nmod\tx.org/a\t(devel)\t\ndep\tx.org/b\tv1.0.0\n\
=>\t./b\t(devel)\t\ndep\tx.org/c\tv1.2.3\th1:sum=\nbuild\t-ldflags=\"-X 'main.v=1 < 2'\"\n\
build\tCGO_ENABLED=0\n";

/// Width and byte order of a file's fields.
#[derive(Clone, Copy)]
struct Shape {
    wide: bool,
    big: bool,
}

impl Shape {
    /// The size of an address.
    fn word(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// Fields one after another: size in bytes (0 for an address) and value.
    fn fields(self, fields: &[(usize, u64)]) -> Vec<u8> {
        let one = |&(size, value): &(usize, u64)| {
            let size = if size == 0 { self.word() } else { size };
            let mut bytes = value.to_le_bytes()[..size].to_vec();
            if self.big {
                bytes.reverse();
            }
            bytes
        };
        fields.iter().flat_map(one).collect()
    }
}

/// A file under construction, which grows as parts are put into it.
#[derive(Default)]
struct Image(Vec<u8>);

impl Image {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        if self.0.len() < at + bytes.len() {
            self.0.resize(at + bytes.len(), 0);
        }
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// The blob of Go 1.18 and later. 64 zeros follow, because in a program other data always follows.
fn inline(text: &[u8]) -> Vec<u8> {
    let mut blob = [&MAGIC[..], &[8, 2], &[0; 16]].concat();
    for string in [&b"go1.20.1"[..], &[&MARKERS[0], text, &MARKERS[1]].concat()[..]] {
        let mut length = string.len();
        while length > 0x7f {
            blob.push(length as u8 | 0x80);
            length >>= 7;
        }
        blob.push(length as u8);
        blob.extend(string);
    }
    blob.extend([0; 64]);
    blob
}

/// The blob before Go 1.18, at an address.
fn pointers(shape: Shape, address: u64, text: &[u8]) -> Vec<u8> {
    let text = [&MARKERS[0], text, &MARKERS[1]].concat();
    let version = b"go1.13.4";
    let word = shape.word() as u64;
    let strings = address + 32 + 4 * word;
    let mut blob = [&MAGIC[..], &[word as u8, shape.big.into()]].concat();
    blob.extend(shape.fields(&[(0, address + 32), (0, address + 32 + 2 * word)]));
    blob.resize(32, 0);
    blob.extend(shape.fields(&[(0, strings), (0, 8), (0, strings + 8), (0, text.len() as u64)]));
    [&blob[..], version, &text, &[0; 64]].concat()
}

/// ELF: three segments, and sections if `named`; without sections, readers must search for the
/// blob.
fn elf(shape: Shape, blob: &[u8], named: bool) -> Vec<u8> {
    let mut image = Image::default();
    let size = blob.len() as u64;
    let (header, program, section) = if shape.wide { (64, 56, 64) } else { (52, 32, 40) };
    let names = b"\0.go.buildinfo\0.shstrtab\0";
    let names_at = 0x200 + size.next_multiple_of(16);
    let (sections_at, count) = if named { (names_at + 32, 3) } else { (0, 0) };
    let class = if shape.wide { 2 } else { 1 };
    image.put(0, &[0x7f, b'E', b'L', b'F', class, 1 + u8::from(shape.big), 1]);
    image.put(16, &shape.fields(&[(2, 2), (2, 62), (4, 1), (0, 0x40_0000), (0, header)]));
    let rest = [
        (0, sections_at),
        (4, 0),
        (2, header),
        (2, program),
        (2, 3),
        (2, section),
        (2, count),
        (2, if named { 2 } else { 0 }),
    ];
    image.put(24 + 2 * shape.word(), &shape.fields(&rest));
    // Type, flags, offset, address, size in the file, size in memory.
    let segments = [
        (1, 5, 0, 0x40_0000, 0x200, 0x200),
        (1, 6, 0x200, BLOB_AT, size, size + 64),
        (0x6474_e551, 6, 0, 0, 0, 0),
    ];
    for (index, (kind, flags, offset, address, in_file, in_memory)) in (0..).zip(segments) {
        let place = [(0, offset), (0, address), (0, address), (0, in_file), (0, in_memory)];
        let fields = if shape.wide {
            [&[(4, kind), (4, flags)][..], &place, &[(0, 16)]].concat()
        } else {
            [&[(4, kind)][..], &place, &[(4, flags), (0, 16)]].concat()
        };
        image.put((header + index * program) as usize, &shape.fields(&fields));
    }
    image.put(0x200, blob);
    if named {
        image.put(names_at as usize, names);
        let sections = [(1, 1, 3, BLOB_AT, 0x200, size), (15, 3, 0, 0, names_at, 25)];
        for (index, (name, kind, flags, address, offset, size)) in (1..).zip(sections) {
            let fields = [
                (4, name),
                (4, kind),
                (0, flags),
                (0, address),
                (0, offset),
                (0, size),
                (4, 0),
                (4, 0),
                (0, 16),
                (0, 0),
            ];
            image.put((sections_at + index * section) as usize, &shape.fields(&fields));
        }
    }
    image.0
}

/// The blob's address in memory, in every sample whose format has addresses.
const BLOB_AT: u64 = 0x50_0400;

/// Mach-O: the load commands that Go reads, one relocation, two symbols.
fn macho(shape: Shape, cpu: u64, blob: &[u8], named: bool) -> Vec<u8> {
    let size = blob.len() as u64;
    let tables = 0x300 + size.next_multiple_of(16);
    let segment = |name: &[u8], address, offset, size, protection, section: Option<&[u8]>| {
        let mut command = Vec::from(name);
        command.resize(16, 0);
        let place = [(0, address), (0, size), (0, offset), (0, size)];
        command.extend(shape.fields(&place));
        let count = u64::from(section.is_some());
        command.extend(shape.fields(&[(4, protection), (4, protection), (4, count), (4, 0)]));
        if let Some(section) = section {
            let mut names = section.to_vec();
            names.resize(16, 0);
            names.extend(name);
            names.resize(32, 0);
            command.extend(names);
            // Address, size, offset, alignment, offset and number of relocations, flags.
            let fields =
                [(0, address), (0, size), (4, offset), (4, 4), (4, tables), (4, 1), (4, 0)];
            command.extend(shape.fields(&fields));
            command.resize(command.len() + if shape.wide { 12 } else { 8 }, 0);
        }
        (if shape.wide { 0x19 } else { 1 }, command)
    };
    let symbol = if shape.wide { 16 } else { 12 };
    let symbols = tables + 8;
    let strings = symbols + 2 * symbol;
    let commands = [
        segment(b"__PAGEZERO", 0, 0, 0, 0, None),
        segment(b"__TEXT", 0x40_0000, 0, 0x300, 5, None),
        segment(b"__DATA", BLOB_AT, 0x300, size, 3, named.then_some(b"__go_buildinfo")),
        (2, shape.fields(&[(4, symbols), (4, 2), (4, strings), (4, 16)])),
        (0xb, {
            let mut fields = [(4, 0); 18];
            // First undefined symbol and number, offset and number of indirect symbols.
            (fields[4], fields[5], fields[12], fields[13]) =
                ((4, 1), (4, 1), (4, strings + 8), (4, 2));
            shape.fields(&fields)
        }),
        (0xc, [&shape.fields(&[(4, 24), (4, 2), (4, 1), (4, 1)]), &b"lib\0\0\0\0\0"[..]].concat()),
        (0x8000_001c, [&shape.fields(&[(4, 12)]), &b"@path\0\0\0\0\0\0\0"[..]].concat()),
        (0x1d, vec![0; 8]),
    ];
    let body = load_commands(shape, &commands);
    let mut image = Image::default();
    let (magic, header) = if shape.wide { (0xfeed_facf, 32) } else { (0xfeed_face, 28) };
    let numbers = [(4, magic), (4, cpu), (4, 3), (4, 2), (4, 8), (4, body.len() as u64), (4, 1)];
    image.put(0, &shape.fields(&numbers));
    image.put(header, &body);
    assert!(image.0.len() <= 0x300);
    image.put(0x300, blob);
    image.put(tables as usize, &shape.fields(&[(4, 16), (4, 1)]));
    for (index, name) in [(0, 1), (1, 8)] {
        let fields = [(4, name), (1, 0xf), (1, 1), (2, 0), (0, BLOB_AT)];
        image.put((symbols + index * symbol) as usize, &shape.fields(&fields));
    }
    image.put(strings as usize, b"\0_a.b.c\0_main\0\0\0");
    image.0
}

/// Load commands from their kinds and contents, each with its length.
fn load_commands(shape: Shape, commands: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let command = |(kind, content): &(u64, Vec<u8>)| {
        let length = content.len() as u64 + 8;
        [shape.fields(&[(4, *kind), (4, length)]), content.clone()].concat()
    };
    commands.iter().flat_map(command).collect()
}

/// A fat file from slices and their processor types.
fn fat(slices: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let shape = Shape { wide: false, big: true };
    let mut image = Image::default();
    image.put(0, &shape.fields(&[(4, 0xcafe_babe), (4, slices.len() as u64)]));
    for (index, (cpu, slice)) in slices.iter().enumerate() {
        let at = image.0.len().max(0x80).next_multiple_of(16);
        let fields = [(4, *cpu), (4, 3), (4, at as u64), (4, slice.len() as u64), (4, 4)];
        image.put(8 + 20 * index, &shape.fields(&fields));
        image.put(at, slice);
    }
    image.0
}

/// PE: a section with a long name, a relocation, and symbols, one of them with an auxiliary record.
fn pe(wide: bool, blob: &[u8]) -> Vec<u8> {
    let shape = Shape { wide, big: false };
    let (machine, magic, fixed) = if wide { (0x8664, 0x20b, 112) } else { (0x14c, 0x10b, 96) };
    let base = 0x40_0000;
    let size = blob.len() as u64;
    let symbols = 0x300 + size.next_multiple_of(16);
    let mut image = Image::default();
    image.put(0, b"MZ");
    image.put(0x3c, &[0x80]);
    image.put(0x80, b"PE\0\0");
    let header = [(2, machine), (2, 3), (4, 0), (4, symbols), (4, 3), (2, fixed + 128), (2, 2)];
    image.put(0x84, &shape.fields(&header));
    let optional = 0x98;
    image.put(optional, &shape.fields(&[(2, magic)]));
    image.put(optional + if wide { 24 } else { 28 }, &shape.fields(&[(0, base)]));
    image.put(optional + fixed as usize - 4, &shape.fields(&[(4, 16)]));
    // Name, sizes in memory and in the file, address, offset, relocations, flags.
    let sections = [
        (*b".text\0\0\0", 0x1000, 0x100, 0x10, 0, 0x6000_0020),
        (*b"/4\0\0\0\0\0\0", 0x2000, 0x100, 0x10, 1, 0x4200_0040),
        (*b".data\0\0\0", BLOB_AT - base, 0x300, size, 0, 0xc060_0040),
    ];
    for (index, (name, address, offset, size, relocations, flags)) in (0..).zip(sections) {
        let at = optional + fixed as usize + 128 + index * 40;
        image.put(at, &name);
        let fields = [
            (4, size),
            (4, address),
            (4, size),
            (4, offset),
            (4, symbols),
            (4, 0),
            (2, relocations),
            (2, 0),
            (4, flags),
        ];
        image.put(at + 8, &shape.fields(&fields));
    }
    image.put(0x300, blob);
    let at = symbols as usize;
    image.put(at, b".text\0\0\0\0\0\0\0\x01\0\0\0\x03\x01");
    image.put(at + 36, b"\0\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\x02\0");
    image.put(at + 54, b"\x10\0\0\0.debug_long\0");
    image.0
}

/// XCOFF: text and data with relocations, an external function and a symbol that Go ignores.
fn xcoff(wide: bool, blob: &[u8]) -> Vec<u8> {
    let shape = Shape { wide, big: true };
    let size = blob.len() as u64;
    let relocations = 0x100 + size.next_multiple_of(16);
    let symbols = relocations + 16;
    let mut image = Image::default();
    let (magic, header, section) = if wide { (0x1f7, 24, 72) } else { (0x1df, 20, 40) };
    let front = [(2, magic), (2, 2), (4, 0), (0, symbols)];
    let back: &[_] = if wide { &[(2, 0), (2, 2), (4, 5)] } else { &[(4, 5), (2, 0), (2, 2)] };
    image.put(0, &shape.fields(&[&front[..], back].concat()));
    let sections: [(&[u8], u64, u64, u64, u64); 2] =
        [(b".text", 0x1000, 0x10, 0x20, 1), (b".data", BLOB_AT, size, 0x40, 0)];
    for (index, (name, address, size, flags, count)) in (0..).zip(sections) {
        let offset = if flags == 0x40 { 0x100 } else { 0x80 };
        let half = if wide { 4 } else { 2 };
        let fields = [
            (0, address),
            (0, address),
            (0, size),
            (0, offset),
            (0, relocations),
            (0, 0),
            (half, count),
            (half, 0),
            (4, flags),
        ];
        image.put(header + index * section, name);
        image.put(header + index * section + 8, &shape.fields(&fields));
    }
    image.put(0x100, blob);
    let record = |name: u64, kind: u64, class: u64, further: u64| {
        let rest = [(2, 1), (2, kind), (1, class), (1, further)];
        let name: &[_] =
            if wide { &[(8, 0x1000), (4, name)] } else { &[(4, 0), (4, name), (4, 0)] };
        shape.fields(&[name, &rest].concat())
    };
    let records =
        [record(4, 0x20, 2, 2), vec![0; 18], vec![0; 18], record(0, 0, 103, 1), vec![0; 18]];
    for (index, record) in records.iter().enumerate() {
        image.put(symbols as usize + 18 * index, record);
    }
    image.put(symbols as usize + 90, b"\0\0\0\x0amain\0\0");
    image.0
}

/// Plan 9: text and data one after the other.
fn plan9(wide: bool, text: &[u8]) -> Vec<u8> {
    let shape = Shape { wide: false, big: true };
    let (magic, header) = if wide { (0x8a97, 40) } else { (0x1eb, 32) };
    let blob = [&[0; 8][..], &inline(text)].concat();
    let padding = 24 - header % 16;
    let sizes = [(4, magic), (4, padding), (4, blob.len() as u64), (4, 0), (4, 0), (4, 0x1000)];
    let mut image = Image::default();
    image.put(0, &shape.fields(&sizes));
    image.put(24, &shape.fields(&[(4, 0), (4, 0)]));
    image.put((header + padding) as usize, &blob);
    image.0
}

/// A program with this text.
pub(crate) fn with_text(text: &[u8]) -> Vec<u8> {
    elf(Shape { wide: true, big: false }, &inline(text), true)
}

/// A program of every kind, with its name.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut samples: Vec<(String, Vec<u8>)> = Vec::new();
    for (wide, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let shape = Shape { wide, big };
        let name = format!("{}-{}", if wide { 64 } else { 32 }, if big { "big" } else { "little" });
        let old = pointers(shape, BLOB_AT, TEXT);
        // With one misaligned magic before the blob: Go then reads the header from a wrong place.
        let misplaced = [&[0; 4][..], MAGIC, &[0; 14], &inline(TEXT)].concat();
        let cpu = if wide { 0x0100_0007 } else { 7 };
        samples.extend([
            (format!("elf-{name}"), elf(shape, &inline(TEXT), true)),
            (format!("elf-{name}-bare"), elf(shape, &inline(TEXT), false)),
            (format!("elf-{name}-old"), elf(shape, &old, true)),
            (format!("elf-{name}-misplaced"), elf(shape, &misplaced, false)),
            (format!("macho-{name}"), macho(shape, cpu, &inline(TEXT), true)),
            (format!("macho-{name}-old"), macho(shape, cpu, &old, false)),
        ]);
    }
    let little = Shape { wide: true, big: false };
    let slice = |cpu| (cpu, macho(little, cpu, &inline(TEXT), true));
    let other = (0x0100_000c, macho(little, 0x0100_000c, &inline(b"path\tother\n"), true));
    samples.extend([
        ("fat".into(), fat(&[slice(0x0100_0007), other])),
        ("fat-twice".into(), fat(&[slice(0x0100_0007), slice(0x0100_0007)])),
    ]);
    for wide in [true, false] {
        let name = if wide { 64 } else { 32 };
        let old = pointers(Shape { wide, big: false }, BLOB_AT, TEXT);
        samples.extend([
            (format!("pe-{name}"), pe(wide, &inline(TEXT))),
            (format!("pe-{name}-old"), pe(wide, &old)),
            (format!("xcoff-{name}"), xcoff(wide, &inline(TEXT))),
            (format!("plan9-{name}"), plan9(wide, TEXT)),
        ]);
    }
    samples
}
