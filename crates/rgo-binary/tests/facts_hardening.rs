//! Hardening, on programs of real compilers and on headers laid out here one defence at a time.

use rgo_binary::Kind;
use rgo_binary::TriState::{self, No, NotApplicable, Unknown, Yes};
use rgo_binary::security::hardening::{Hardening, Relro, Whose, hardening};

use crate::support::facts::{
    self, ELF, ELF_PROGRAM, HARD_ELF, MACHO, MACHO_PROGRAM, MACHO_SIGNED, PE, PE_PROGRAM, elf,
    image, largest_section, note, optional_header, put, section_header, u32_le,
};

const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;
const PT_DYNAMIC: u32 = 2;
const PT_NOTE: u32 = 4;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PT_GNU_RELRO: u32 = 0x6474_e552;

fn of(data: &[u8]) -> Hardening {
    hardening(&image(data)).expect("reads")
}

fn dynamic(entries: &[(u64, u64)]) -> Vec<u8> {
    let words = entries.iter().chain([&(0, 0)]);
    words.flat_map(|(tag, value)| [*tag, *value]).flat_map(u64::to_le_bytes).collect()
}

#[test]
fn a_hardened_library_has_everything() {
    let facts = of(HARD_ELF);
    assert_eq!(facts.relro, Relro::Full);
    let answers = [&facts.nx, &facts.stack_protector, &facts.fortify, &facts.cet_ibt];
    assert!(answers.iter().all(|finding| finding.answer == Yes), "{facts:#?}");
    assert_eq!((facts.cet_shstk.answer, facts.pie.answer), (Yes, NotApplicable));
    assert_eq!(facts.stack_protector.evidence, "refers to __stack_chk_fail");
    assert_eq!((facts.bti.answer, facts.cf_guard.answer), (NotApplicable, NotApplicable));
}

#[test]
fn findings_are_listed_by_the_names_of_their_fields() {
    for data in [HARD_ELF, PE_PROGRAM, MACHO_PROGRAM] {
        let facts = of(data);
        let json = serde_json::to_value(&facts).expect("serializes");
        let listed = facts.findings();
        assert_eq!(json.as_object().expect("an object").len(), listed.len() + 1);
        for (name, finding) in listed {
            assert_eq!(json[name], serde_json::to_value(finding).expect("serializes"));
        }
    }
}

#[test]
fn pie_agrees_with_the_kind_of_the_linkage() {
    for data in [ELF, ELF_PROGRAM, HARD_ELF, MACHO, MACHO_PROGRAM, MACHO_SIGNED, PE, PE_PROGRAM] {
        let expected = match image(data).linkage().expect("reads").kind {
            Kind::Pie | Kind::StaticPie => Yes,
            Kind::Executable | Kind::StaticExecutable => No,
            _ => NotApplicable,
        };
        assert_eq!(of(data).pie.answer, expected);
    }
}

#[test]
fn elf_headers_answer() {
    let nothing = dynamic(&[]);
    let (debug, flagged) = (dynamic(&[(21, 0)]), dynamic(&[(0x6fff_fffb, 0x0800_0001)]));
    let library = dynamic(&[(21, 0), (14, 1)]);
    let (old, new) = (dynamic(&[(24, 0)]), dynamic(&[(30, 8)]));
    // Kind, dynamic segment, flags of the stack, RELRO segment; PIE, NX, RELRO.
    type Case<'a> = (u16, Option<&'a [u8]>, Option<u32>, bool, TriState, TriState, Relro);
    let cases: [Case<'_>; 9] = [
        (ET_EXEC, None, Some(6), false, No, Yes, Relro::None),
        (ET_EXEC, None, Some(7), true, No, No, Relro::Partial),
        (ET_DYN, None, None, true, Yes, Unknown, Relro::Partial),
        (ET_DYN, Some(&nothing), Some(6), true, NotApplicable, Yes, Relro::Partial),
        (ET_DYN, Some(&debug), Some(6), false, Yes, Yes, Relro::None),
        (ET_DYN, Some(&flagged), Some(6), true, Yes, Yes, Relro::Full),
        (ET_DYN, Some(&library), Some(6), true, NotApplicable, Yes, Relro::Partial),
        (ET_DYN, Some(&old), Some(6), true, NotApplicable, Yes, Relro::Full),
        (ET_EXEC, Some(&new), Some(6), true, No, Yes, Relro::Full),
    ];
    for (number, (kind, dynamic, stack, relro, pie, nx, expected)) in cases.into_iter().enumerate()
    {
        let mut segments: Vec<facts::Segment<'_>> = Vec::new();
        segments.extend(dynamic.map(|content| (PT_DYNAMIC, 6, 8, content)));
        segments.extend(stack.map(|flags| (PT_GNU_STACK, flags, 16, &[][..])));
        segments.extend(relro.then_some((PT_GNU_RELRO, 4, 1, &[][..])));
        let facts = of(&elf(kind, EM_X86_64, &segments));
        let found = (facts.pie.answer, facts.nx.answer, facts.relro);
        assert_eq!(found, (pie, nx, expected), "case {number}");
        // No symbols: nobody can tell.
        assert_eq!((facts.stack_protector.answer, facts.fortify.answer), (Unknown, Unknown));
    }
}

/// Where the dynamic segment cannot be read, nothing is known of the flags in it.
#[test]
fn a_dynamic_segment_outside_of_the_file_is_an_error() {
    let mut data = HARD_ELF.to_vec();
    let headers = u32_le(&data, 0x20) as usize;
    let header = (0..).map(|number| headers + number * 56);
    let dynamic = header.take(64).find(|at| u32_le(&data, *at) == PT_DYNAMIC).expect("has one");
    put(&mut data, dynamic + 8, &0x7fff_0000_u64.to_le_bytes());
    let error = hardening(&image(&data)).expect_err("it lies nowhere").to_string();
    assert!(error.contains("ELF dynamic segment at offset 0x7fff0000"), "{error}");
}

#[test]
fn elf_properties_belong_to_a_machine() {
    let property = |kind: u32, bits: u32| {
        let words = [kind, 4, bits, 0];
        let desc: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        note(b"GNU\0", 5, &desc, 8)
    };
    let x86 = |bits| {
        let facts = of(&elf(ET_DYN, EM_X86_64, &[(PT_NOTE, 4, 8, &property(0xc000_0002, bits))]));
        assert_eq!(facts.bti.answer, NotApplicable);
        (facts.cet_ibt.answer, facts.cet_shstk.answer)
    };
    assert_eq!([x86(0), x86(1), x86(2), x86(3)], [(No, No), (Yes, No), (No, Yes), (Yes, Yes)]);
    let arm = of(&elf(ET_DYN, EM_AARCH64, &[(PT_NOTE, 4, 8, &property(0xc000_0000, 2))]));
    assert_eq!((arm.bti.answer, arm.pac.answer), (No, Yes));
    assert_eq!(arm.cet_ibt.answer, NotApplicable);
}

#[test]
fn pe_flags_answer() {
    let with = |flags: u16, characteristics: u16| {
        let mut data = PE_PROGRAM.to_vec();
        let at = optional_header(&data);
        put(&mut data, at + 70, &flags.to_le_bytes());
        put(&mut data, at - 2, &characteristics.to_le_bytes());
        of(&data)
    };
    let facts = with(0x0160, 0x22);
    assert_eq!((facts.aslr.answer, facts.high_entropy_va.answer, facts.nx.answer), (Yes, Yes, Yes));
    assert_eq!(
        (facts.pie.answer, facts.safe_seh.answer, facts.relro),
        (Yes, NotApplicable, { Relro::NotApplicable })
    );
    let facts = with(0, 0x22);
    assert_eq!((facts.aslr.answer, facts.high_entropy_va.answer, facts.nx.answer), (No, No, No));
    let facts = with(0x40, 0x23);
    assert_eq!((facts.aslr.answer, facts.pie.answer), (No, No));
    assert_eq!(facts.aslr.evidence, "DYNAMIC_BASE is set, but RELOCS_STRIPPED is as well");
    // A DLL.
    assert_eq!(with(0x40, 0x2022).pie.answer, NotApplicable);
}

#[test]
fn pe_load_configuration_answers() {
    // The configuration takes the place of a section's bytes.
    let with = |cookie: u64, guard: u32, flags: u16| {
        let mut data = PE_PROGRAM.to_vec();
        let optional = optional_header(&data);
        let (address, config) = largest_section(&data);
        put(&mut data, optional + 112 + 80, &address.to_le_bytes());
        put(&mut data, optional + 112 + 84, &148_u32.to_le_bytes());
        put(&mut data, optional + 70, &flags.to_le_bytes());
        put(&mut data, config, &[0; 148]);
        put(&mut data, config, &148_u32.to_le_bytes());
        put(&mut data, config + 88, &cookie.to_le_bytes());
        put(&mut data, config + 136, &9_u64.to_le_bytes());
        put(&mut data, config + 144, &guard.to_le_bytes());
        of(&data)
    };
    let facts = with(0x1_4000_1000, 0x500, 0x4000);
    // Nothing of the C library is imported: the cookie may be its.
    assert_eq!((facts.stack_protector.answer, facts.cf_guard.answer), (Unknown, Yes));
    assert_eq!(facts.stack_protector.whose, Some(Whose::CLibrary));
    assert_eq!(facts.cf_guard.evidence, "GUARD_CF is set, 9 functions in its table");
    let facts = with(0x1_4000_1000, 0x800, 0x4000);
    assert_eq!((facts.stack_protector.answer, facts.cf_guard.answer), (No, No));
    let facts = with(0, 0x500, 0);
    assert_eq!((facts.stack_protector.answer, facts.cf_guard.answer), (Unknown, No));
}

#[test]
fn pe_extended_flags_answer() {
    // The first debug entry becomes one of type 20.
    let mut data = PE_PROGRAM.to_vec();
    let optional = optional_header(&data);
    let address = u32_le(&data, optional + 112 + 48);
    let offset = (0..8)
        .map(|number| section_header(&data, number))
        .find_map(|at| {
            let (start, size) = (u32_le(&data, at + 12), u32_le(&data, at + 16));
            let inside = address.checked_sub(start).filter(|distance| *distance < size)?;
            Some((u32_le(&data, at + 20) + inside) as usize)
        })
        .expect("a debug directory");
    put(&mut data, offset + 12, &20_u32.to_le_bytes());
    let content = u32_le(&data, offset + 24) as usize;
    put(&mut data, content, &1_u32.to_le_bytes());
    assert_eq!(of(PE_PROGRAM).cet_shstk.answer, No);
    let facts = of(&data);
    assert_eq!((facts.cet_shstk.answer, facts.cet_ibt.answer), (Yes, No));
}

#[test]
fn macho_headers_answer() {
    let facts = of(MACHO_PROGRAM);
    assert_eq!((facts.pie.answer, facts.nx.answer, facts.restrict.answer), (Yes, Yes, No));
    assert_eq!((facts.hardened_runtime.answer, facts.pac.answer), (No, NotApplicable));
    let mut data = MACHO_PROGRAM.to_vec();
    put(&mut data, 24, &0x2_0000_u32.to_le_bytes());
    let facts = of(&data);
    assert_eq!((facts.pie.answer, facts.nx.answer), (No, No));
    assert_eq!(facts.nx.evidence, "MH_ALLOW_STACK_EXECUTION is set");
    // arm64e by the subtype; a library is asked for less.
    let mut data = MACHO_SIGNED.to_vec();
    assert_eq!(of(&data).pac.answer, No);
    put(&mut data, 8, &2_u32.to_le_bytes());
    let facts = of(&data);
    assert_eq!(
        (facts.pac.answer, facts.pie.answer, facts.nx.answer),
        (Yes, NotApplicable, { NotApplicable })
    );
}
