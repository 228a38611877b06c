//! Go's own objects: of all formats, made by hand; those of a compiler and an assembler; and damaged ones.

use proptest::prelude::*;
use rgo_debuginfo::go_nm::{self, GoOrder};
use rgo_debuginfo::go_object::{Content, Entry, GoObject, GoObjectError, Kind, Place, entries};
use rgo_debuginfo::list::{Scope, Sources, SymbolClass, of_go_object};
use rgo_debuginfo::sizes::attribute_go_object;

const PACKAGE: &[u8] = include_bytes!("fixtures/go/small.a");
const ASSEMBLED: &[u8] = include_bytes!("fixtures/go/small.o");

/// What an object is made of, for one function of an own package with a file and a line, a static variable, and two
/// references.
struct Made {
    magic: &'static [u8],
    compiler: &'static str,
    /// The numbers of code and of variables without pointers.
    kinds: [u8; 2],
}

const MADE: [Made; 6] = [
    Made { magic: b"\0go116ld", compiler: "go1.16.15", kinds: [1, 3] },
    Made { magic: b"\0go117ld", compiler: "go1.17.13", kinds: [1, 3] },
    Made { magic: b"\0go118ld", compiler: "go1.19.13", kinds: [1, 3] },
    Made { magic: b"\0go120ld", compiler: "go1.23.4", kinds: [1, 3] },
    Made { magic: b"\0go120ld", compiler: "go1.24.6", kinds: [2, 6] },
    Made { magic: b"\0go120ld", compiler: "devel go1.28-abcdef", kinds: [1, 5] },
];

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl Made {
    fn has_line_tables(&self) -> bool {
        matches!(self.magic, b"\0go116ld" | b"\0go117ld")
    }

    fn bytes(&self) -> Vec<u8> {
        let header = 20 + 4 * if self.has_line_tables() { 20 } else { 19 };
        let names = "p.Fhiddenruntime.goFgofile../src/f.go";
        let text = |name: &str| {
            let at = names.find(name).expect("a name");
            words(&[name.len() as u32, (header + at) as u32])
        };
        let symbol = |name: Option<&str>, abi: u16, kind: u8, size: u32| {
            let text = name.map_or_else(|| words(&[0, 0]), text);
            [&text[..], &abi.to_le_bytes(), &[kind, 0, 0], &words(&[size, 0])].concat()
        };
        let [code, variable] = self.kinds;
        let others = [(8, 0), (9, 1)]
            .map(|(kind, number)| [&[kind][..], &words(&[0x7fff_fffd, number])].concat());
        let mut blocks = vec![
            Vec::new(),
            Vec::new(),
            text("gofile../src/f.go"),
            symbol(Some("p.F"), 1, code, 3),
            Vec::new(),
            // A table of files, whose first is number 0, and one of lines, from 7.
            [symbol(None, 0, 3, 2), symbol(None, 0, 3, 2)].concat(),
            symbol(Some("hidden"), u16::MAX, variable, 8),
            symbol(Some("runtime.goF"), 0, 0, 0),
            Vec::new(),
            Vec::new(),
            Vec::new(),
            words(&[0; 5]),
            words(&[0, 2, 2, 2, 2]),
            words(&[0, 3, 5, 7, 9]),
            Vec::new(),
            others.concat(),
            b"\x90\x90\xc3\x02\x01\x10\x01\x2a\0".to_vec(),
        ];
        if self.has_line_tables() {
            blocks.push(b"lines".to_vec());
        }
        blocks.push([words(&[1, 0]), text("runtime.go")].concat());
        let mut made = [self.magic, &[0; 12]].concat();
        let mut at = header + names.len();
        for block in &blocks {
            made.extend((at as u32).to_le_bytes());
            at += block.len();
        }
        made.extend((at as u32).to_le_bytes());
        made.extend(names.as_bytes());
        made.extend(blocks.concat());
        let head =
            format!("go object linux arm64 {} GOARM64=v8.0\nbuild id \"x\"\n\n!\n", self.compiler);
        [head.as_bytes(), &made].concat()
    }
}

fn lines(object: &GoObject<'_>, order: GoOrder) -> String {
    let mut symbols = go_nm::symbols_of_object(object);
    go_nm::sort(&mut symbols, order);
    let mut out = Vec::new();
    symbols.iter().for_each(|symbol| go_nm::write(symbol, b"", true, &mut out));
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_format_is_read() {
    for made in MADE {
        let bytes = made.bytes();
        let object = GoObject::parse(&bytes).expect(made.compiler);
        assert_eq!(object.arch, "arm64");
        assert!(made.compiler.ends_with(object.compiler) && !object.compiler.is_empty());
        let kinds: Vec<Kind> = object.definitions.iter().map(|it| it.kind).collect();
        assert_eq!((kinds[0], kinds[3]), (Kind::Code, Kind::DataWithoutPointers));
        let place = Place { file: "/src/f.go", line: Some(7) };
        assert_eq!(object.definitions[0].place, Some(place), "{}", made.compiler);
        assert_eq!(object.references, [&b"runtime.goF"[..], b"runtime.go"]);
        let letter = if made.compiler.starts_with("go1.16") { '_' } else { 'd' };
        let [function, variable] = [0, 3].map(|number| object.definitions[number].data.start);
        let expected = format!(
            "                  0 U runtime.goF\n                  0 U runtime.go\n\
             {function:>8x}          3 T p.F\n{variable:>8x}          8 {letter} hidden<1>\n"
        );
        assert_eq!(lines(&object, GoOrder::Address), expected, "{}", made.compiler);
        let listed = of_go_object(&object, Sources::Best);
        let summary: Vec<_> = listed.iter().map(|it| (&*it.name, it.class, it.scope)).collect();
        assert_eq!(
            summary,
            [
                (&b"p.F"[..], SymbolClass::Function, Scope::Global),
                (b"hidden", SymbolClass::Data, Scope::Local),
                (b"runtime.goF", SymbolClass::Undefined, Scope::Global),
                (b"runtime.go", SymbolClass::Undefined, Scope::Global),
            ]
        );
        assert_eq!(of_go_object(&object, Sources::Loader).len(), 3, "without the static one");
        check(&bytes);
    }
}

#[test]
fn line_tables_are_their_functions() {
    let bytes = MADE[4].bytes();
    let object = GoObject::parse(&bytes).expect("an object");
    let sizes = attribute_go_object(&object, bytes.len() as u64);
    let of = |symbol: &str| {
        let number = sizes.symbols.iter().position(|name| name == symbol).map(|it| it as u32);
        let parts = sizes.parts.iter().filter(|part| part.symbol == number);
        parts.map(|part| part.file_bytes).sum::<u64>()
    };
    assert_eq!((of("p.F"), of("hidden")), (3 + 2 + 2, 2));
    assert_eq!((sizes.memory_bytes, &sizes.packages[..]), (11, &["p".to_owned()][..]));
}

#[test]
fn other_versions_are_named() {
    let with_magic =
        |magic: &[u8]| [b"go object linux amd64 go1.99\n\n!\n", magic, &[0; 200]].concat();
    let error = |bytes: &[u8]| GoObject::parse(bytes).map(|_| ()).expect_err("unreadable");
    for magic in ["go115ld", "go119ld", "go130ld"] {
        let bytes = with_magic(format!("\0{magic}").as_bytes());
        assert_eq!(error(&bytes), GoObjectError::Version(magic.to_owned()));
    }
    for bytes in [&with_magic(b"\x7fELF\x02\x01\x01\0")[..], b"go object linux", b"", b"\x7fELF"] {
        assert_eq!(error(bytes), GoObjectError::Unrecognized);
    }
    let malformed = error(&with_magic(b"\0go120ld")).to_string();
    assert_eq!(malformed, "malformed Go object: its blocks are out of order");
}

#[test]
fn names_that_all_symbols_share_do_not_add_up() {
    // As many references to one long name as fit: a megabyte would become many.
    let made = MADE[4].bytes();
    let start = made.windows(8).position(|at| at == b"\0go120ld").expect("a magic");
    let names = vec![b'n'; 100_000];
    let (header, count) = (96_u32, 10_000_u32);
    let end = header + names.len() as u32;
    let mut bytes = made[..start + 20].to_vec();
    bytes.extend(words(&[end; 18]));
    bytes.extend(words(&[end + 16 * count]));
    bytes.extend(&names);
    for _ in 0..count {
        bytes.extend(words(&[1, 0, names.len() as u32, header]));
    }
    assert_eq!(
        GoObject::parse(&bytes).map(|_| ()),
        Err(GoObjectError::Malformed("its symbols share too many names"))
    );
}

fn member(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len());
    let padding = if content.len() % 2 == 1 { &b"\n"[..] } else { b"" };
    [head.as_bytes(), content, padding].concat()
}

#[test]
fn archives_are_read_by_gos_rules() {
    let go = &MADE[5].bytes()[..];
    let odd = [go, b"\0"].concat();
    let archive = |members: &[Vec<u8>]| [b"!<arch>\n".to_vec(), members.concat()].concat();
    let bytes = archive(&[
        member("__.PKGDEF", b"go object linux amd64 go1.26\n\n$$B\n"),
        member("_go_.o", &odd),
        member("preferlinkext", b""),
        member("_x001.o", b"\x7fELF"),
    ]);
    let names = |bytes| entries(bytes).map(|all| all.iter().map(|it| it.name).collect::<Vec<_>>());
    assert_eq!(names(&bytes), Some(vec![&b"_go_.o"[..], b"_x001.o"]));
    let all = entries(&bytes).expect("entries");
    assert_eq!(all[0].content, Content::Go(&odd));
    assert_eq!(all[1].content, Content::Native(b"\x7fELF"));
    assert_eq!(entries(go), Some(vec![Entry { name: b"", content: Content::Go(go) }]));
    // The last member may lack its padding, and no other byte.
    let last = archive(&[member("a.o", b"odd")]);
    assert!(names(&last[..last.len() - 1]).is_some());
    for cut in 9..last.len() - 1 {
        assert_eq!(names(&last[..cut]), None, "cut at {cut}");
    }
    let mut wrong = last.clone();
    wrong[8 + 48] = b'-';
    assert_eq!(names(&wrong), None, "a negative size");
    assert_eq!(names(b"text"), None);
}

#[test]
fn a_compilers_and_an_assemblers_are_read() {
    let package = entries(PACKAGE).expect("an archive");
    let [Entry { name: b"_go_.o", content: Content::Go(object) }] = package[..] else {
        panic!("{package:?}")
    };
    let object = GoObject::parse(object).expect("an object");
    let next = object.definitions.iter().find(|it| it.name == b"example.com/small.Next");
    let place = Place { file: "/src/small.go", line: Some(12) };
    assert_eq!(next.and_then(|it| it.place), Some(place));
    let assembled = GoObject::parse(ASSEMBLED).expect("an object");
    assert!(lines(&assembled, GoOrder::Name).ends_with(" t hidden<1>\n"));
}

/// Reads all that there is of a file; every byte of an object counts once.
fn check(file: &[u8]) {
    for entry in entries(file).into_iter().flatten() {
        let Content::Go(bytes) = entry.content else { continue };
        let Ok(object) = GoObject::parse(bytes) else { continue };
        let mut symbols = go_nm::symbols_of_object(&object);
        go_nm::sort(&mut symbols, GoOrder::Name);
        let _ = of_go_object(&object, Sources::Best);
        let sizes = attribute_go_object(&object, bytes.len() as u64);
        let sum: u64 = sizes.parts.iter().map(|part| part.file_bytes).sum();
        assert_eq!(sum, bytes.len() as u64);
    }
}

#[test]
fn cut_objects_are_refused() {
    let made = MADE[0].bytes();
    for whole in [&made[..], ASSEMBLED] {
        check(whole);
        for cut in 0..whole.len() {
            assert!(GoObject::parse(&whole[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.to_vec();
            for value in [0, 0x7f, 0xff] {
                damaged[at] = value;
                check(&damaged);
            }
        }
    }
    check(PACKAGE);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn damaged_objects_are_no_trouble(
        which in 0..MADE.len() + 2,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let made = MADE.get(which).map(Made::bytes);
        let mut data = made.unwrap_or_else(|| [PACKAGE, ASSEMBLED][which % 2].to_vec());
        for (at, value) in damage {
            let at = at.index(data.len());
            data[at] = value;
        }
        check(&data);
    }
}
