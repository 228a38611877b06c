//! Objects with CodeView of all shapes, damaged ones, and ones made by hand with the big header.

use object::write::{Object as Writer, Relocation, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Object, ObjectSection, ObjectSymbol, RelocationFlags, SectionKind,
    SymbolFlags, SymbolKind, SymbolScope, pe,
};
use proptest::prelude::*;

use super::*;

/// An object with code, DWARF, and these bytes as CodeView, between the other two.
fn object(code_view: &[u8]) -> Vec<u8> {
    let mut object =
        Writer::new(BinaryFormat::Coff, Architecture::X86_64, object::Endianness::Little);
    let text = object.section_id(object::write::StandardSection::Text);
    object.append_section_data(text, &[0x90; 13], 1);
    let symbol = |object: &mut Writer<'_>, name: &str, section| {
        object.add_symbol(Symbol {
            name: name.into(),
            value: 4,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        })
    };
    let main = symbol(&mut object, "a_name_longer_than_eight", text);
    if !code_view.is_empty() {
        for name in [".debug$S", ".debug$T"] {
            let section = object.add_section(Vec::new(), name.into(), SectionKind::Debug);
            object.set_section_data(section, code_view.to_vec(), 4);
            relocate(&mut object, section, 0, main);
            // References to the section make a symbol with a record.
            let _ = object.section_symbol(section);
        }
    }
    let dwarf = object.add_section(Vec::new(), ".debug_info".into(), SectionKind::Debug);
    object.set_section_data(dwarf, vec![7; 21], 1);
    relocate(&mut object, dwarf, 8, main);
    relocate(&mut object, text, 1, main);
    object.write().expect("an object")
}

fn relocate(
    object: &mut Writer<'_>,
    section: object::write::SectionId,
    offset: u64,
    symbol: SymbolId,
) {
    let flags = RelocationFlags::Coff { typ: pe::IMAGE_REL_AMD64_ADDR32 };
    object.add_relocation(section, Relocation { offset, symbol, addend: 0, flags }).expect("fits");
}

/// What a linker reads of an object: sections with data and relocations, and symbols.
fn read(data: &[u8]) -> (Vec<String>, Vec<String>) {
    let file = object::File::parse(data).expect("an object");
    let sections = file.sections().map(|section| {
        let relocations = section.relocations().map(|(at, it)| format!("{at} {:?}", it.target()));
        let relocations: Vec<_> = relocations.collect();
        format!("{:?} {:?} {relocations:?}", section.name(), section.data())
    });
    let symbols = file.symbols().map(|symbol| {
        format!("{:?} {} {:?}", symbol.name(), symbol.address(), symbol.section_index())
    });
    (sections.collect(), symbols.collect())
}

#[test]
fn only_code_view_goes() {
    let data = object(&[1; 64]);
    let output = without_code_view(&data).expect("has some");
    let ((before, symbols), (after, same)) = (read(&data), read(&output));
    assert_eq!(symbols, same);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        if before.contains(".debug$") {
            assert!(after.ends_with("Ok([]) []"), "{after}");
        } else {
            assert_eq!(before, after);
        }
    }
    // The rest is what the writer put between parts.
    assert!((data.len() - output.len()).abs_diff(2 * (64 + RELOCATION)) < 16);
    assert_eq!(without_code_view(&output), None, "once is enough");
    assert_eq!(without_code_view(&object(&[])), None);
}

#[test]
fn what_code_view_says_does_not_matter() {
    let settled = without_code_view(&object(b"a.obj, made by clang")).expect("has some");
    for other in [&b"b"[..], &[9; 1000]] {
        assert!(without_code_view(&object(other)).as_ref() == Some(&settled));
    }
}

/// clang's `.llvm_addrsig` has no data, and the place where they would be.
#[test]
fn an_empty_section_has_no_place() {
    let settled = [10, 90].map(|size| {
        let mut data = object(&vec![3; size]);
        let place = data.len() - 4;
        // The first section is code; this takes its data and relocations.
        let row = &mut data[20..20 + SECTION];
        row[16..20].fill(0);
        row[32..34].fill(0);
        row[20..24].copy_from_slice(&u32::try_from(place).expect("small").to_le_bytes());
        without_code_view(&data).expect("has some")
    });
    assert!(settled[0] == settled[1]);
}

#[test]
fn the_time_goes() {
    let mut data = object(&[]);
    data[4..8].copy_from_slice(&1_700_000_000_u32.to_le_bytes());
    let output = without_code_view(&data).expect("has a time");
    assert_eq!(output[4..8], [0; 4]);
    assert_eq!(read(&output), read(&data));
    assert_eq!(without_code_view(&output), None);
}

/// An object with the big header: one section with `data`, one symbol with a record, and no names.
fn big(name: &[u8; 8], data: &[u8]) -> Vec<u8> {
    let mut object = vec![0, 0, 0xff, 0xff, 2, 0, 0x64, 0x86, 0, 0, 0, 0];
    object.extend(BIG_CLASS);
    object.extend([0; 16]);
    let symbols_at = 56 + SECTION + data.len();
    object.extend([1, u32::try_from(symbols_at).expect("small"), 2].map(u32::to_le_bytes).concat());
    object.extend(name);
    let size = u32::try_from(data.len()).expect("small");
    object.extend([0, 0, size, 96, 0, 0, 0, 0x4200_0040].map(u32::to_le_bytes).concat());
    object.extend(data);
    // The symbol of the section, and its record: size, relocations and lines, checksum.
    object.extend(name);
    object.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, STATIC, 1]);
    object.extend([size, 0, 0x1234].map(u32::to_le_bytes).concat());
    object.extend([0; 8]);
    object.extend(4_u32.to_le_bytes());
    object
}

#[test]
fn objects_of_many_sections() {
    let output = without_code_view(&big(b".debug$S", &[5; 40])).expect("has some");
    // The record counts the section's bytes, and has their checksum.
    let mut expected = big(b".debug$S", &[]);
    let (at, record) = (56 + 20, expected.len() - 24);
    expected[at..at + 4].fill(0);
    expected[record..record + 12].fill(0);
    assert!(output == expected);
    assert_eq!(without_code_view(&big(b".text\0\0\0", &[5; 40])), None);
}

#[test]
fn what_is_no_object_stays() {
    let image = [&b"MZ"[..], &[0; 200]].concat();
    for data in [&[][..], b"\x7fELF", &image, &[0; 64], b"!<arch>\n"] {
        assert_eq!(without_code_view(data), None);
    }
}

#[test]
fn a_cut_object_stays_as_it_is() {
    let data = object(&[1; 64]);
    for length in 0..data.len() {
        assert_eq!(without_code_view(&data[..length]), None, "{length}");
    }
}

proptest! {
    #[test]
    fn a_damaged_object_does_not_grow(places in proptest::collection::vec((0usize..700, any::<u8>()), 1..12)) {
        for mut data in [object(&[1; 64]), big(b".debug$S", &[5; 40])] {
            for &(place, byte) in &places {
                let length = data.len();
                data[place % length] = byte;
            }
            if let Some(output) = without_code_view(&data) {
                prop_assert!(output.len() <= data.len());
            }
        }
    }
}
