//! Which system an image is for: each sign alone, on programs laid out by hand. What compilers
//! make for these systems is in `tests/end_to_end/systems.rs`.

use proptest::prelude::*;
use rgo_binary::linkage::Linkage;
use rgo_binary::system::libc::libc;
use rgo_binary::system::{ImageSystem, Texts, system};
use rgo_binary::{Arch, Confidence, Endian, Image, Kind, Limits};

use crate::support::bytes::Bytes;

const AMD64: u16 = 62;
const ARM: u16 = 40;
const R: u32 = 4;
const RX: u32 = 5;
const RWX: u32 = 7;

/// A static ELF program of one segment, and what makes it one for a system.
#[derive(Clone)]
struct Program {
    is_64: bool,
    little: bool,
    os_abi: u8,
    machine: u16,
    /// `ET_EXEC` or `ET_DYN`.
    kind: u16,
    /// The segment's address, physical address and flags.
    address: u64,
    physical: u64,
    flags: u32,
    /// Bytes by which the segment's offset misses its address.
    askew: u64,
    /// A note: owner, type, content.
    note: Option<(&'static [u8], u32, &'static [u8])>,
    /// What the segment holds, from offset 0x1000 on.
    content: &'static [u8],
    /// A section behind it: name, type, content.
    section: Option<(&'static str, u32, &'static [u8])>,
}

impl Program {
    fn new() -> Self {
        Self {
            is_64: true,
            little: true,
            os_abi: 0,
            machine: AMD64,
            kind: 2,
            address: 0x40_1000,
            physical: 0x40_1000,
            flags: RX,
            askew: 0,
            note: None,
            content: b"code",
            section: None,
        }
    }

    fn at(address: u64) -> Self {
        Self { address, physical: address, ..Self::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        let (header, segment) = if self.is_64 { (64, 56) } else { (52, 32) };
        let note = self.note.map(|note| self.note_bytes(note)).unwrap_or_default();
        let note_at = header + 2 * segment;
        let content_at = 0x1000 + self.askew;
        let size = self.content.len() as u64;
        let sections_at = (content_at + size).next_multiple_of(8);

        let mut out = self.empty();
        let segments = if note.is_empty() { 1 } else { 2 };
        self.put_header(&mut out, segments, self.section.map(|_| sections_at));
        let places = [content_at, self.address, self.physical, size, size];
        put_segment(&mut out, 1, self.flags, places);
        if !note.is_empty() {
            let size = note.len() as u64;
            put_segment(&mut out, 4, R, [note_at, self.address, self.address, size, size]);
        }
        out.fill(note_at);
        out.data.extend(note);
        out.fill(content_at);
        out.data.extend(self.content);
        if let Some(section) = self.section {
            out.fill(sections_at);
            put_section(&mut out, section);
        }
        out.data
    }

    fn empty(&self) -> Bytes {
        Bytes::new(if self.is_64 { 8 } else { 4 }, !self.little)
    }

    fn note_bytes(&self, (owner, kind, desc): (&[u8], u32, &[u8])) -> Vec<u8> {
        let mut note = self.empty();
        note.numbers(&[(owner.len() as u64 + 1, 4), (desc.len() as u64, 4), (kind.into(), 4)]);
        for part in [&[owner, b"\0"].concat(), desc] {
            note.data.extend(part);
            note.pad(4);
        }
        note.data
    }

    fn put_header(&self, out: &mut Bytes, segments: u64, sections_at: Option<u64>) {
        let (header, segment, section) = if self.is_64 { (64, 56, 64) } else { (52, 32, 40) };
        let (sections, of_names) = if sections_at.is_some() { (3, 2) } else { (0, 0) };
        out.data.extend(b"\x7fELF");
        out.data.extend([if self.is_64 { 2 } else { 1 }, if self.little { 1 } else { 2 }, 1]);
        out.data.push(self.os_abi);
        out.fill(16);
        // e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, e_ehsize, e_phentsize,
        // e_phnum, e_shentsize, e_shnum, e_shstrndx
        out.numbers(&[(self.kind.into(), 2), (self.machine.into(), 2), (1, 4)]);
        for word in [self.address, header, sections_at.unwrap_or(0)] {
            out.word(word);
        }
        out.number(0, 4);
        out.numbers(&[header, segment, segments, section, sections, of_names].map(|it| (it, 2)));
    }
}

/// Appends a segment's header. `places` are its offset, address, physical address, and both sizes.
fn put_segment(out: &mut Bytes, kind: u64, flags: u32, places: [u64; 5]) {
    let is_64 = out.size == 8;
    out.number(kind, 4);
    if is_64 {
        out.number(flags.into(), 4);
    }
    places.iter().for_each(|place| out.word(*place));
    if !is_64 {
        out.number(flags.into(), 4);
    }
    out.word(4);
}

/// Appends three sections' headers, then what they are of: nothing, the section, the names.
fn put_section(out: &mut Bytes, (name, kind, content): (&str, u32, &[u8])) {
    let names = [b"\0", name.as_bytes(), b"\0.shstrtab\0"].concat();
    let header = if out.size == 8 { 64 } else { 40 };
    let content_at = out.data.len() as u64 + 3 * header;
    let names_at = content_at + content.len() as u64;
    for (name, kind, at, size) in [
        (0, 0, 0, 0),
        (1, kind, content_at, content.len()),
        (name.len() as u64 + 2, 3, names_at, names.len()),
    ] {
        let p = out.size;
        // sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, align, entsize
        out.numbers(&[(name, 4), (kind.into(), 4), (0, p), (0, p), (at, p), (size as u64, p)]);
        out.numbers(&[(0, 4), (0, 4), (1, p), (0, p)]);
    }
    out.data.extend(content);
    out.data.extend(names);
}

fn of(data: &[u8], recorded: Option<&str>) -> Option<ImageSystem> {
    let image = Image::parse(data, &Limits::default()).expect("a program parses");
    let linkage = image.linkage().expect("reads");
    assert!(matches!(linkage.kind, Kind::StaticExecutable | Kind::StaticPie), "{linkage:?}");
    system(&image, &linkage, &Texts::of(&image, &linkage), recorded)
}

/// `linux`, `linux?` where it is only probable.
fn short(system: Option<ImageSystem>) -> String {
    system.map_or_else(String::new, |system| {
        format!("{}{}", system.os, if system.is_known() { "" } else { "?" })
    })
}

/// What has a sign, the program, and the system that it is for.
type Case = (&'static str, Program, &'static str);

/// Holds that a sign says the same in both orders of bytes, but for what is laid out in one alone.
#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>) {
    for (sign, program, expected) in cases {
        let found = of(&program.bytes(), None);
        assert_eq!(short(found.clone()), expected, "{sign}: {found:?}");
        let big = Program { little: false, ..program.clone() };
        let is_little_only = sign.starts_with("Multiboot") || sign.starts_with("Arm");
        if !is_little_only && program.note.is_none() {
            assert_eq!(short(of(&big.bytes(), None)), expected, "{sign}, big-endian");
        }
    }
}

#[test]
fn the_header_and_notes_tell_the_system() {
    let plain = Program::new;
    let abi = |os_abi| Program { os_abi, ..plain() };
    let note = |owner, kind, desc| Program { note: Some((owner, kind, desc)), ..plain() };
    check([
        ("nothing", plain(), "linux?"),
        ("at any address", Program { kind: 3, ..Program::at(0) }, "linux?"),
        // The header's field.
        ("EI_OSABI of NetBSD", abi(2), "netbsd"),
        ("EI_OSABI of GNU", abi(3), "linux"),
        ("EI_OSABI of Hurd", abi(4), "hurd"),
        ("EI_OSABI of Solaris", abi(6), "solaris"),
        ("EI_OSABI of FreeBSD", abi(9), "freebsd"),
        ("EI_OSABI of OpenBSD", abi(12), "openbsd"),
        ("EI_OSABI of what has no system", abi(255), "none"),
        // Notes.
        ("glibc's note", note(b"GNU", 1, &[0; 16]), "linux"),
        ("glibc's note for Hurd", note(b"GNU", 1, &[1, 0, 0, 0]), "hurd"),
        ("a note of the kernel", note(b"Linux", 0, &[0; 4]), "linux"),
        ("a build ID", note(b"GNU", 3, &[0; 20]), "linux?"),
        ("a note of FreeBSD", note(b"FreeBSD", 1, &[0; 4]), "freebsd"),
        ("a note of DragonFly", note(b"DragonFly", 1, &[0; 4]), "dragonfly"),
        ("a note of Android", note(b"Android", 1, &[21, 0, 0, 0]), "android"),
        ("a note of QNX", note(b"QNX", 3, &[0; 8]), "qnx"),
        ("a note for Hermit's loader", note(b"HERMIT", 0x5a00, &[1]), "hermit"),
        ("a note for Xen", note(b"Xen", 18, &[0; 4]), "none"),
    ]);
}

#[test]
fn what_no_system_would_load_is_for_none() {
    let plain = Program::new;
    let wide = |machine, address| Program { machine, ..Program::at(address) };
    let narrow = |machine, address| Program { is_64: false, ..wide(machine, address) };
    let says = |content| Program { content, ..plain() };
    check([
        ("x86-64, kernel", wide(AMD64, 0xffff_ffff_8100_0000), "none"),
        ("Alpha, PALcode", wide(0x9026, 0xffff_fc00_0000_0000), "none"),
        ("x86, reset vector", narrow(3, 0xfff0_0000), "none"),
        ("x86, below the kernel", narrow(3, 0x0804_8000), "linux?"),
        ("MIPS, KSEG1", narrow(8, 0xbe00_0000), "none"),
        ("MIPS, user", narrow(8, 0x0040_0000), "linux?"),
        ("RISC-V, board's memory", wide(243, 0x8020_0000), "none"),
        ("RISC-V, user", wide(243, 0x1_0000), "linux?"),
        ("in the first page", Program::at(0), "none"),
        ("moved by its loader", Program { physical: 0x10_0000, ..plain() }, "none"),
        ("without physical addresses", Program { physical: 0, ..plain() }, "linux?"),
        ("not by pages", Program { askew: 0x120, ..plain() }, "none"),
        ("code that can be written", Program { flags: RWX, ..plain() }, "none?"),
        // Machines without systems.
        ("AVR", narrow(83, 0x1000), "none"),
        ("BPF", wide(247, 0x1000), "none"),
        // What a boot loader looks for; the sum of its numbers is zero.
        ("Multiboot", says(b"\x02\xb0\xad\x1b\x03\0\0\0\xfb\x4f\x52\xe4"), "none"),
        (
            "Multiboot with a wrong sum",
            says(b"\x02\xb0\xad\x1b\x03\0\0\0\xfc\x4f\x52\xe4"),
            "linux?",
        ),
        ("Multiboot 2", says(b"\xd6\x50\x52\xe8\0\0\0\0\x10\0\0\0\x1a\xaf\xad\x17"), "none"),
    ]);
}

#[test]
fn sections_tell_what_has_no_system() {
    let section = |name, kind, content| Program {
        machine: ARM,
        is_64: false,
        section: Some((name, kind, content)),
        ..Program::new()
    };
    let attributes = |content| section(".ARM.attributes", 0x7000_0003, content);
    check([
        // Attributes: version, then of a vendor, of the file: tag and value.
        ("a table of vectors", section(".isr_vector", 1, &[0; 64]), "none"),
        ("a kernel's exports", section("__ksymtab", 1, &[0; 64]), "none"),
        ("any section", section(".mine", 1, &[0; 64]), "linux?"),
        ("Arm, profile A", attributes(b"A\x13\0\0\0aeabi\0\x01\x09\0\0\0\x06\x0a\x07A"), "linux?"),
        ("Arm, profile M", attributes(b"A\x13\0\0\0aeabi\0\x01\x09\0\0\0\x06\x0a\x07M"), "none"),
        ("Arm, v6-M", attributes(b"A\x13\0\0\0aeabi\0\x01\x09\0\0\0\x06\x0b\x08\x01"), "none"),
    ]);
}

#[test]
fn texts_of_what_is_linked_in_tell_the_system() {
    let says = |content| Program { content, ..Program::new() };
    check([
        ("glibc", says(b"x\0GLIBC_TUNABLES\0"), "linux"),
        ("musl", says(b"x\0No error information\0"), "linux"),
        ("a path of Linux", says(b"x\0/proc/self/exe\0"), "linux?"),
        // Strings of Go and Rust, which have no NUL: the program speaks of a C library.
        ("a program that speaks of glibc", says(b"readGLIBC_TUNABLESfailed"), "linux?"),
        ("a program that speaks of musl", says(b"x\0No error informationpanic"), "linux?"),
        ("Go's runtime for DragonFly", says(b"\0runtime/os_dragonfly.go\0"), "dragonfly"),
        (
            "Go's runtime for Android, with the files for Linux",
            says(b"\0runtime/os_linux.go\0runtime/os_android.go\0"),
            "android",
        ),
        ("Go's runtime, what many have", says(b"\0runtime/os_unix.go\0"), "linux?"),
        ("Rust's std for Hermit", says(b"library/std/src/sys/pal/hermit/mod.rs"), "hermit"),
        ("Rust's std for Xous", says(b"library/std/src/sys/pal/xous/mod.rs"), "xous"),
        ("Rust's std for every Unix", says(b"library/std/src/sys/pal/unix/mod.rs"), "linux?"),
        // A program that speaks of several runs on one of them; nobody knows on which.
        (
            "runtimes of two systems",
            says(b"\0runtime/os_freebsd.go\0runtime/os_netbsd.go\0"),
            "linux?",
        ),
    ]);
}

#[test]
fn what_the_builder_recorded_counts_where_nothing_says_otherwise() {
    let plain = Program::new().bytes();
    let freebsd = Program { os_abi: 9, ..Program::new() }.bytes();
    let kernel = Program::at(0xffff_ffff_8100_0000).bytes();
    let cases = [
        (&plain, "dragonfly", "dragonfly"),
        (&plain, "x86_64-unknown-linux-musl", "linux"),
        (&plain, "thumbv7em-none-eabihf", "none"),
        (&plain, "who knows", "linux?"),
        (&freebsd, "linux", "freebsd"),
        (&kernel, "linux", "none"),
    ];
    for (data, recorded, expected) in cases {
        assert_eq!(short(of(data, Some(recorded))), expected, "{recorded}");
    }
}

/// What a dynamic program says: its interpreter, and the libraries that it needs.
fn dynamic(image: &Image<'_>, interpreter: &str, needed: &[&str]) -> Linkage {
    let mut linkage = image.linkage().expect("reads");
    linkage.interpreter = Some(interpreter.to_owned()).filter(|path| !path.is_empty());
    linkage.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    linkage.static_ = false;
    linkage.kind = Kind::Executable;
    linkage
}

#[test]
fn loaders_and_libraries_tell_the_system() {
    let data = Program::new().bytes();
    let image = Image::parse(&data, &Limits::default()).expect("parses");
    let cases: [(&str, &[&str], &str); 30] = [
        ("/lib64/ld-linux-x86-64.so.2", &["libc.so.6"], "linux"),
        ("/lib/ld-musl-x86_64.so.1", &["libc.musl-x86_64.so.1"], "linux"),
        ("/lib/ld64-uClibc.so.1", &["libc.so.1"], "linux"),
        ("/lib/klibc-x.so", &[], "linux"),
        ("/lib/ld.so.1", &["libc.so.6"], "linux"),
        ("/lib/ld.so.1", &["libc.so.0.3"], "hurd"),
        ("/lib/ld.so.1", &["libc.so.1"], "solaris"),
        ("/lib/ld64.so.1", &["libc.so.6"], "redox"),
        ("/system/bin/linker64", &["libc.so"], "android"),
        ("/libexec/ld-elf.so.1", &["libc.so.7"], "freebsd"),
        ("/usr/libexec/ld-elf.so.2", &["libc.so.8"], "dragonfly"),
        ("/usr/libexec/ld.elf_so", &["libc.so.12"], "netbsd"),
        ("/usr/libexec/ld.so", &["libc.so.97.1"], "openbsd"),
        // As Go has it: the library's name is that of musl's.
        ("/lib/amd64/ld.so.1", &["libc.so", "libsocket.so"], "solaris"),
        ("/usr/lib/ld.so.1", &["libc.so.1"], "solaris"),
        ("/system/runtime_loader", &["libroot.so"], "haiku"),
        ("ld.so.1", &["libfdio.so", "libc.so"], "fuchsia"),
        ("/usr/lib/ldqnx-64.so.2", &["libc.so.5"], "qnx"),
        ("", &["libc.so.6"], "linux"),
        ("", &["libc.so.6.1"], "linux"),
        ("", &["libm.so.6", "ld-linux-aarch64.so.1"], "linux"),
        ("", &["libc.so"], "linux"),
        ("", &["liblog.so", "libc.so"], "android"),
        ("", &["libm.so", "libdl.so", "libc.so"], "android"),
        ("", &["libc.so.7"], "freebsd"),
        ("", &["libm.so.11.0", "libc.so.97.1"], "openbsd"),
        ("", &["libc.so.1"], "solaris"),
        ("", &["libroot.so"], "haiku"),
        ("", &["libfoo.so.1"], ""),
        ("/opt/loader", &["libfoo.so.1"], ""),
    ];
    for (interpreter, needed, expected) in cases {
        let linkage = dynamic(&image, interpreter, needed);
        let found = system(&image, &linkage, &Texts::of(&image, &linkage), None);
        assert_eq!(short(found), expected, "{interpreter} {needed:?}");
    }
}

#[test]
fn a_loader_of_several_systems_leaves_it_to_the_builder() {
    let data = Program::new().bytes();
    let image = Image::parse(&data, &Limits::default()).expect("parses");
    // Illumos has the loader of Solaris; the builder knew better.
    let linkage = dynamic(&image, "/lib/amd64/ld.so.1", &[]);
    let found = system(&image, &linkage, &Texts::default(), Some("illumos"));
    assert_eq!(short(found.clone()), "illumos");
    let library = libc(&image, &linkage, found.as_ref(), &Texts::default()).expect("a C library");
    assert_eq!((library.name, library.linked_in), ("illumos", false));
    // A loader that nobody knows tells of no C library on Linux.
    let linkage = dynamic(&image, "/opt/loader", &[]);
    let found = system(&image, &linkage, &Texts::default(), Some("linux"));
    assert_eq!(short(found.clone()), "linux");
    assert_eq!(libc(&image, &linkage, found.as_ref(), &Texts::default()), None);
}

#[test]
fn what_has_linuxs_loader_runs_there_whatever_else_it_is_marked_for() {
    let marked = Program { os_abi: 9, ..Program::new() }.bytes();
    let marked = Image::parse(&marked, &Limits::default()).expect("parses");
    let linkage = dynamic(&marked, "/lib64/ld-linux-x86-64.so.2", &[]);
    let found = system(&marked, &linkage, &Texts::default(), None).expect("a system");
    assert_eq!((found.os.name(), found.evidence.confidence), ("linux", Confidence::Certain));
}

#[test]
fn a_machine_is_called_by_its_byte_order() {
    // Machine, 64-bit, little-endian name, big-endian name.
    let cases = [
        (AMD64, true, "amd64", "amd64"),
        (AMD64, false, "x32", "x32"),
        (3, false, "386", "386"),
        (183, true, "arm64", "arm64be"),
        (ARM, false, "arm", "armbe"),
        (8, false, "mipsle", "mips"),
        (8, true, "mips64le", "mips64"),
        (20, false, "ppcle", "ppc"),
        (21, true, "ppc64le", "ppc64"),
        (243, true, "riscv64", "riscv64be"),
        (243, false, "riscv32", "riscv32be"),
        (258, true, "loong64", "loong64"),
        (22, true, "s390x", "s390x"),
        (22, false, "s390", "s390"),
        (43, true, "sparc64", "sparc64"),
        (247, true, "bpfel", "bpfeb"),
        (189, false, "microblazeel", "microblaze"),
        (4, false, "m68k", "m68k"),
        (0xfedc, true, "machine 65244", "machine 65244"),
    ];
    for (machine, is_64, little, big) in cases {
        for (order, endian, name) in [(true, Endian::Little, little), (false, Endian::Big, big)] {
            let program = Program { machine, is_64, little: order, ..Program::new() };
            let data = program.bytes();
            let image = Image::parse(&data, &Limits::default()).expect("parses");
            assert_eq!(image.arch().to_string(), name, "{machine} {order}");
            assert_eq!(image.endian(), endian, "{machine} {order}");
        }
    }
    let data = Program::new().bytes();
    let image = Image::parse(&data, &Limits::default()).expect("parses");
    assert_eq!(image.arch(), &Arch::Amd64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_is_answered(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9),
        cut in any::<Option<prop::sample::Index>>(),
        is_64 in any::<bool>(),
    ) {
        let note = Some((&b"GNU"[..], 1, &[0; 16][..]));
        let mut data = Program { note, is_64, ..Program::new() }.bytes();
        let at = at.index(data.len());
        for (old, new) in data.iter_mut().skip(at).zip(&bytes) {
            *old = *new;
        }
        if let Some(cut) = cut {
            data.truncate(cut.index(data.len()));
        }
        if let Ok(image) = Image::parse(&data, &Limits::default())
            && let Ok(linkage) = image.linkage()
        {
            let texts = Texts::of(&image, &linkage);
            let _ = system(&image, &linkage, &texts, Some("linux"));
        }
    }
}
