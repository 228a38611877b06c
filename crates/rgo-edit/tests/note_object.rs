//! The object that is added to links, as linkers will read it.

use object::{
    BinaryFormat, Object, ObjectKind, ObjectSection, ObjectSymbol, SectionFlags, SymbolScope,
};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Arch, Error, Format};
use rgo_edit::{NoteObject, note_object};

const FORMATS: [(Format, BinaryFormat); 3] = [
    (Format::Elf, BinaryFormat::Elf),
    (Format::MachO, BinaryFormat::MachO),
    (Format::Pe, BinaryFormat::Coff),
];

#[test]
fn both_sections_are_loaded_read_only_and_have_a_symbol() {
    for (format, binary) in FORMATS {
        for (arch, expected) in [
            (Arch::Amd64, object::Architecture::X86_64),
            (Arch::Arm64, object::Architecture::Aarch64),
        ] {
            let spec = NoteObject {
                format,
                arch: &arch,
                capacity_note: 100,
                capacity_audit: 33,
                text: "link recipe",
            };
            let bytes = note_object(&spec).expect("writes");
            assert_eq!(bytes, note_object(&spec).expect("writes"), "reproducible");
            let file = object::File::parse(bytes.as_slice()).expect("parses");
            assert_eq!(
                (file.format(), file.architecture(), file.kind()),
                (binary, expected, ObjectKind::Relocatable)
            );
            let prefix = if format == Format::MachO { "_" } else { "" };
            for (symbol, section) in
                [("RGO_NOTE", rgo_note::section_name(format)), ("RGO_AUDIT", ".dep-v0")]
            {
                let symbol = format!("{prefix}{symbol}");
                let symbol = file.symbols().find(|other| other.name() == Ok(&*symbol));
                let symbol = symbol.expect("is there");
                assert!(symbol.is_global() && symbol.is_definition());
                assert_ne!(symbol.scope(), SymbolScope::Compilation);
                let index = symbol.section_index().expect("is defined");
                let found = file.section_by_index(index).expect("is there");
                assert_eq!(found.name(), Ok(section));
                assert_eq!(symbol.address(), found.address());
                check_flags(found.flags());
            }
            let content = |name| {
                let section = file.section_by_name(name).expect("is there");
                section.data().expect("has bytes").to_vec()
            };
            let section = content(rgo_note::section_name(format));
            let note = rgo_note::parse(&section).expect("a note");
            assert_eq!((note.capacity, note.text), (100, "link recipe"));
            assert_eq!(content(".dep-v0"), [0; 33]);
        }
    }
}

fn check_flags(flags: SectionFlags) {
    match flags {
        SectionFlags::Elf { sh_type, sh_flags } => assert_eq!((sh_type.0, sh_flags.0), (1, 2)),
        SectionFlags::MachO { flags, .. } => assert_eq!(flags.0, 0x1000_0000),
        // CNT_INITIALIZED_DATA, MEM_READ, and an alignment.
        SectionFlags::Coff { characteristics } => {
            assert_eq!(characteristics.0 & !0x00f0_0000, 0x4000_0040);
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn an_elf_object_asks_for_no_executable_stack() {
    let spec = NoteObject {
        format: Format::Elf,
        arch: &Arch::Amd64,
        capacity_note: 0,
        capacity_audit: 0,
        text: "",
    };
    let bytes = note_object(&spec).expect("writes");
    let file = object::File::parse(bytes.as_slice()).expect("parses");
    let marker = file.section_by_name(".note.GNU-stack").expect("is there");
    let SectionFlags::Elf { sh_flags, .. } = marker.flags() else { unreachable!("ELF") };
    assert_eq!((marker.size(), sh_flags.0), (0, 0));
    assert_eq!(file.section_by_name(".dep-v0").expect("is there").size(), 8, "the least");
}

#[test]
fn what_cannot_be_made_is_refused() {
    let arch = Arch::Other("riscv64".to_owned());
    let spec = NoteObject {
        format: Format::Elf,
        arch: &arch,
        capacity_note: 4,
        capacity_audit: 8,
        text: "12345",
    };
    assert!(matches!(note_object(&spec), Err(Error::Unsupported { .. })));
    let spec = NoteObject { arch: &Arch::Amd64, ..spec };
    assert!(matches!(note_object(&spec), Err(Error::NoteTooSmall { needed: 5, capacity: 4, .. })));
}
