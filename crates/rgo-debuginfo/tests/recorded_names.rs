//! Compares with what other demanglers print. Each file of `fixtures` has a line for each name: the
//! mangled name, a tab, and the demangled form, or `-` if there is none. The names are chosen so
//! that they use each production of the grammar and each rule of printing.
//!
//! `llvm-cxxfilt` of LLVM 22 printed the forms in `itanium.txt`, `rust_v0_llvm.txt` and `d.txt`,
//! `llvm-undname` of LLVM 22 those in `msvc.txt`, and
//! `rustfilt` 0.2.2 with rustc-demangle 0.1.28 those in `…_people.txt`. Those in `swift.txt` are as
//! the demangler of Swift 6.4 prints them with the options of `swift demangle`; most of the names are of
//! `test/Demangle/Inputs/manglings.txt` in <https://github.com/swiftlang/swift>.

use rgo_debuginfo::demangle::{DemangleError, Demangler, Limits, NameStyle, Scheme};

/// Compares each line of a file, and returns the number of lines.
fn compare(recorded: &str, style: NameStyle, scheme: Scheme) -> usize {
    let mut demangler = Demangler::new(Limits::default());
    let mut count = 0;
    for line in recorded.lines().filter(|line| !line.starts_with('#')) {
        let (name, expected) = line.split_once('\t').expect("a tab");
        let mut text = b"before ".to_vec();
        let result = demangler.demangle(name.as_bytes(), style, &mut text);
        let text = String::from_utf8(text).expect("UTF-8");
        match result {
            Ok(found) => {
                assert_eq!(text, format!("before {expected}"), "{name}");
                assert_eq!(found, scheme, "{name}");
            }
            Err(error) => {
                assert_eq!(expected, "-", "{name}: {error}");
                assert_eq!(text, "before ", "{name}");
            }
        }
        count += 1;
    }
    count
}

#[test]
fn cpp_names_are_as_llvm_prints_them() {
    let recorded = include_str!("fixtures/itanium.txt");
    assert!(compare(recorded, NameStyle::Llvm, Scheme::Itanium) > 450);
    assert!(compare(recorded, NameStyle::People, Scheme::Itanium) > 450);
}

#[test]
fn microsofts_names_are_as_llvm_prints_them() {
    let recorded = include_str!("fixtures/msvc.txt");
    assert!(compare(recorded, NameStyle::Llvm, Scheme::Msvc) > 700);
    assert!(compare(recorded, NameStyle::People, Scheme::Msvc) > 700);
}

#[test]
fn rust_names_are_as_llvm_prints_them() {
    let recorded = include_str!("fixtures/rust_v0_llvm.txt");
    assert!(compare(recorded, NameStyle::Llvm, Scheme::RustV0) > 50);
}

#[test]
fn rust_names_are_as_rustfilt_prints_them() {
    let recorded = include_str!("fixtures/rust_v0_people.txt");
    assert!(compare(recorded, NameStyle::People, Scheme::RustV0) > 50);
    let recorded = include_str!("fixtures/rust_legacy_people.txt");
    assert!(compare(recorded, NameStyle::People, Scheme::RustLegacy) > 10);
}

#[test]
fn d_names_are_as_llvm_prints_them() {
    let recorded = include_str!("fixtures/d.txt");
    assert!(compare(recorded, NameStyle::Llvm, Scheme::D) > 30);
}

#[test]
fn swift_names_are_as_swift_prints_them() {
    let recorded = include_str!("fixtures/swift.txt");
    assert!(compare(recorded, NameStyle::People, Scheme::Swift) > 600);
}

#[test]
fn llvm_reads_no_swift_names() {
    let mut demangler = Demangler::new(Limits::default());
    for name in ["$s4main1fyyF", "_$s4main1fyyF", "_TF3foog3barSi"] {
        let mut text = Vec::new();
        let result = demangler.demangle(name.as_bytes(), NameStyle::Llvm, &mut text);
        assert_eq!(result, Err(DemangleError::NotMangled), "{name}");
    }
}

#[test]
fn a_legacy_rust_name_is_a_cpp_name_for_llvm() {
    let mut demangler = Demangler::new(Limits::default());
    let name = b"_ZN3foo17h05af221e174051e9E";
    for (style, scheme, expected) in [
        (NameStyle::Llvm, Scheme::Itanium, "foo::h05af221e174051e9"),
        (NameStyle::People, Scheme::RustLegacy, "foo"),
    ] {
        let mut text = Vec::new();
        assert_eq!(demangler.demangle(name, style, &mut text), Ok(scheme));
        assert_eq!(text, expected.as_bytes());
    }
}

#[test]
fn other_names_are_not_mangled() {
    let mut demangler = Demangler::new(Limits::default());
    for name in ["", ".", "_", "main", "Z3foov", "_____Z3foov", "$4main", "R", "__R"] {
        for style in [NameStyle::Llvm, NameStyle::People] {
            let mut text = Vec::new();
            let result = demangler.demangle(name.as_bytes(), style, &mut text);
            assert_eq!(result, Err(DemangleError::NotMangled), "{name}");
            assert!(text.is_empty());
        }
    }
}
