//! ELF objects that are still to be linked: local symbols that go and stay, code that is compiled at
//! link time, and what is said of a strip that leaves nothing to link.

use object::write::{self, Relocation, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, Object, ObjectSection, ObjectSymbol,
    RelocationEncoding, RelocationFlags, RelocationKind, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
};
use rgo_binary::Error;
use rgo_edit::{Discard, Edits, NameFilter, SignaturePolicy, Strip, apply, edit};

use crate::support::ELF_AMD64;

const LOCALS: [&str; 5] = [".L.str", ".Lunused", "helper", "static_helper", "$x"];

/// An object with local symbols, of which relocations name `.L.str` and `helper`.
fn object(architecture: Architecture) -> Vec<u8> {
    let mut object = write::Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    let text = object.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
    object.append_section_data(text, &[0; 64], 16);
    let debug = object.add_section(Vec::new(), b".debug_info".to_vec(), SectionKind::Debug);
    object.append_section_data(debug, &[7; 64], 1);
    // GCC's code for the linker, and the debug data that it makes its own of.
    for name in [".gnu.lto_.symtab.1", ".gnu.debuglto_.debug_info", ".llvm.lto"] {
        let lto = object.add_section(Vec::new(), name.into(), SectionKind::Other);
        object.append_section_data(lto, name.as_bytes(), 1);
    }
    let mut add = |name: &str, scope| {
        object.add_symbol(Symbol {
            name: name.into(),
            value: 8,
            size: 0,
            kind: SymbolKind::Text,
            scope,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        })
    };
    let locals = LOCALS.map(|name| add(name, SymbolScope::Compilation));
    add("exported", SymbolScope::Dynamic);
    for symbol in [locals[0], locals[2]] {
        let flags = RelocationFlags::Generic {
            kind: RelocationKind::Absolute,
            encoding: RelocationEncoding::Generic,
            size: 64,
        };
        let relocation = Relocation { offset: 8, symbol, addend: 0, flags };
        object.add_relocation(text, relocation).expect("relocates");
    }
    object.write().expect("writes")
}

fn edited(input: &[u8], edits: &Edits<'_>) -> Vec<u8> {
    apply(input, edits).expect("edits").bytes
}

fn names(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    let named = file.symbols().filter(|symbol| symbol.kind() != SymbolKind::Section);
    named.map(|symbol| symbol.name().expect("UTF-8").to_owned()).collect()
}

fn sections(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    file.sections().map(|section| section.name().expect("UTF-8").to_owned()).collect()
}

#[test]
fn local_symbols_that_relocations_need_stay() {
    for (architecture, discard, expected) in [
        (
            Architecture::X86_64,
            Discard::None,
            &[".L.str", ".Lunused", "helper", "static_helper", "$x"][..],
        ),
        (Architecture::X86_64, Discard::Temporary, &[".L.str", "helper", "static_helper", "$x"]),
        (Architecture::X86_64, Discard::All, &[".L.str", "helper"]),
        // There it tells code from data.
        (Architecture::Aarch64, Discard::All, &[".L.str", "helper", "$x"]),
        (Architecture::Riscv64, Discard::All, &[".L.str", "helper", "$x"]),
    ] {
        for strip in [Strip::None, Strip::Debug] {
            let input = object(architecture);
            let output = edited(&input, &Edits { strip, discard, ..Edits::default() });
            let expected = [expected, &["exported"]].concat();
            assert_eq!(names(&output), expected, "{architecture:?} {discard:?} {strip:?}");
        }
    }
}

#[test]
fn by_its_name_a_symbol_that_a_relocation_needs_is_refused() {
    let temporary = |name: &[u8]| name.starts_with(b".L");
    let symbols = NameFilter { keep: None, drop: Some(&temporary) };
    let edits = Edits { symbols, discard: Discard::All, ..Edits::default() };
    let error = apply(&object(Architecture::X86_64), &edits).expect_err("refuses").to_string();
    assert!(error.contains("removing symbol .L.str") && error.contains("a relocation"), "{error}");
    // And by its name one stays that would go.
    let symbols = NameFilter { keep: Some(&temporary), drop: None };
    let edits = Edits { symbols, discard: Discard::All, ..Edits::default() };
    let output = edited(&object(Architecture::X86_64), &edits);
    assert_eq!(names(&output), [".L.str", ".Lunused", "helper", "exported"]);
}

#[test]
fn local_symbols_of_programs_and_archives_go() {
    let before = names(ELF_AMD64).len();
    let output = edited(ELF_AMD64, &Edits { discard: Discard::All, ..Edits::default() });
    assert!(names(&output).len() < before && names(&output).contains(&"main".to_owned()));
    let member = object(Architecture::X86_64);
    let archive = archive(&[&member], &["exported"]);
    let output = edited(&archive, &Edits { discard: Discard::All, ..Edits::default() });
    let start = output.windows(4).position(|bytes| bytes == b"\x7fELF").expect("a member");
    assert_eq!(names(&output[start..]), [".L.str", "helper", "exported"]);
}

/// An archive whose table has these names for its first member.
fn archive(members: &[&[u8]], table: &[&str]) -> Vec<u8> {
    let mut names: Vec<u8> = (table.len() as u32).to_be_bytes().to_vec();
    let size = 4 + table.iter().map(|name| 4 + name.len() + 1).sum::<usize>();
    let first = (8 + 60 + size.next_multiple_of(2)) as u32;
    names.extend(table.iter().flat_map(|_| first.to_be_bytes()));
    table.iter().for_each(|name| names.extend([name.as_bytes(), b"\0"].concat()));
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in
        [("/", &*names)].into_iter().chain(members.iter().map(|it| ("m.o/", *it)))
    {
        let header =
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len());
        archive.extend([header.as_bytes(), content].concat());
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

#[test]
fn code_that_is_compiled_at_link_time_stays_with_its_debug_data() {
    let input = object(Architecture::X86_64);
    for strip in [Strip::Debug, Strip::Unneeded] {
        let output = edited(&input, &Edits { strip, ..Edits::default() });
        let left = sections(&output);
        assert!(!left.contains(&".debug_info".to_owned()), "{left:?}");
        for name in [".gnu.lto_.symtab.1", ".gnu.debuglto_.debug_info", ".llvm.lto"] {
            assert!(left.contains(&name.to_owned()), "{strip:?}: {left:?}");
        }
    }
    // Of such code the symbol table of the object says nothing, but that of the archive does.
    let archive = archive(&[&input], &["exported", "compiled_later"]);
    let dropped = |name: &[u8]| name == b"exported";
    let symbols = NameFilter { keep: None, drop: Some(&dropped) };
    let has = |archive: &[u8], name: &str| {
        let table = &archive[..archive.windows(4).position(|it| it == b"\x7fELF").expect("one")];
        table.windows(name.len()).any(|it| it == name.as_bytes())
    };
    let output = edited(&archive, &Edits { symbols, ..Edits::default() });
    assert!(has(&output, "compiled_later") && !has(&output, "exported"));
    // A full strip leaves that code too, as it leaves whatever is no debug data.
    let output = edited(&archive, &Edits { strip: Strip::All, ..Edits::default() });
    assert!(has(&output, "compiled_later") && !has(&output, "exported"));
}

#[test]
fn a_strip_that_leaves_nothing_to_link_says_so() {
    let input = object(Architecture::X86_64);
    let archive = archive(&[&input], &["exported"]);
    let strip =
        |input, strip| edit(input, &Edits { strip, ..Edits::default() }).expect("edits").unlinkable;
    for input in [&input, &archive] {
        assert!(strip(input, Strip::All));
        assert!(!strip(input, Strip::Debug) && !strip(input, Strip::Unneeded));
    }
    assert!(!strip(ELF_AMD64, Strip::All), "a program is linked");
    let stripped = edited(&input, &Edits { strip: Strip::All, ..Edits::default() });
    assert!(!strip(&stripped, Strip::All), "nothing is left to lose");
}

/// Nothing here reads LLVM bitcode: its debug data and symbols stay, which is said.
#[test]
fn members_of_bitcode_stay_and_are_counted() {
    let object = object(Architecture::X86_64);
    let bitcode: [&[u8]; 2] = [b"BC\xc0\xde of LLVM", b"\xde\xc0\x17\x0b wrapped"];
    let input = archive(&[&object, bitcode[0], bitcode[1]], &["exported"]);
    let edits = Edits { strip: Strip::Debug, ..Edits::default() };
    let edited = edit(&input, &edits).expect("edits");
    let warning = "2 of 3 members are LLVM bitcode, whose debug data and symbols stay";
    assert_eq!(edited.warnings, [warning]);
    let output = apply(&input, &edits).expect("edits").bytes;
    for member in bitcode {
        assert!(output.windows(member.len()).any(|part| part == member));
    }
    let none = edit(&input, &Edits::default()).expect("edits");
    assert_eq!(none.warnings, [""; 0], "nothing was to go");
}

/// A kernel module's signature covers all before it, and is taken away on demand alone.
#[test]
fn a_kernel_module_that_is_signed_is_not_edited() {
    let module = object(Architecture::X86_64);
    let signature = [
        &b"a PKCS #7 message"[..],
        &[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 17],
        b"~Module signature appended~\n",
    ]
    .concat();
    let signed = [&*module, &signature].concat();
    for strip in [Strip::Debug, Strip::Unneeded, Strip::All] {
        let edits = Edits { strip, ..Edits::default() };
        let error = apply(&signed, &edits).expect_err("refuses");
        assert!(matches!(error, Error::SignedByIdentity { .. }), "{error}");
        let unsigned =
            apply(&signed, &Edits { sign: SignaturePolicy::None, ..edits }).expect("edits");
        assert!(unsigned.identity_dropped);
        assert_eq!(unsigned.bytes, edited(&module, &edits), "{strip:?}");
    }
    let debug = edited(&module, &Edits { strip: Strip::Debug, ..Edits::default() });
    let signed = [&*debug, &signature].concat();
    let output = edited(&signed, &Edits { strip: Strip::Debug, ..Edits::default() });
    assert_eq!(output, signed, "where nothing goes, it holds");
    let other = [&*module, b"other data"].concat();
    let error = apply(&other, &Edits { strip: Strip::Debug, ..Edits::default() });
    assert!(error.expect_err("refuses").to_string().contains("data at its end"));
}
