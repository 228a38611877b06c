//! Lists and sizes of images whose symbols are in another file.

use std::collections::BTreeMap;

use rgo_debuginfo::debug_list;
use rgo_debuginfo::lines::DebugFiles;
use rgo_debuginfo::list::{
    ListedSymbol, Scope, Sources, SymbolClass, SymbolSource, has_function_table, list,
};
use rgo_debuginfo::sizes::attribute;

use super::{files, fixture, image};

fn by_name<'s>(symbols: &'s [ListedSymbol<'_>]) -> BTreeMap<String, &'s ListedSymbol<'s>> {
    let name = |symbol: &ListedSymbol<'_>| String::from_utf8_lossy(&symbol.name).into_owned();
    symbols.iter().map(|symbol| (name(symbol), symbol)).collect()
}

fn with_pdb() -> DebugFiles<'static> {
    let mut files = files(fixture!("program.dll"));
    files.add_pdb(fixture!("program.pdb")).expect("its PDB");
    files
}

/// Addresses and sizes as `llvm-pdbutil dump --publics --symbols` prints them.
#[test]
fn a_pdb_lists_functions_and_variables() {
    let files = with_pdb();
    let symbols = debug_list::list(&files).expect("a list");
    let listed = by_name(&symbols);
    for (name, address, size, class, scope) in [
        ("_start", 0x1000, Some(0x32), SymbolClass::Function, Scope::Global),
        ("loop", 0x1040, Some(0x42), SymbolClass::Function, Scope::Local),
        ("second", 0x1090, Some(0x24), SymbolClass::Function, Scope::Global),
        ("counter", 0x4000, Some(4), SymbolClass::ZeroedData, Scope::Global),
        ("__DTOR_LIST__", 0x2010, Some(8), SymbolClass::ReadOnlyData, Scope::Global),
    ] {
        let symbol = listed.get(name).unwrap_or_else(|| panic!("{name}: {listed:?}"));
        let found = (symbol.address, symbol.size_bytes, symbol.class, symbol.scope);
        assert_eq!(found, (Some(0x1_8000_0000 + address), size, class, scope), "{name}");
        assert_eq!(symbol.source, SymbolSource::Pdb, "{name}");
    }
    // Exports have the names of functions that the PDB lists.
    assert!(symbols.iter().all(|symbol| symbol.source != SymbolSource::Exports), "{symbols:?}");
}

#[test]
fn a_companion_lists_what_was_stripped() {
    let mut stripped = files(fixture!("linked"));
    let alone = debug_list::list(&stripped).expect("a list");
    assert!(!has_function_table(image(fixture!("linked")), &alone), "{alone:?}");
    stripped.add_companion(image(fixture!("linked.debug"))).expect("its companion");
    let with_companion = debug_list::list(&stripped).expect("a list");
    let unstripped = image(fixture!("dwarf5"));
    let whole = list(unstripped, Sources::Best).expect("a list");
    assert!(has_function_table(unstripped, &whole), "{whole:?}");
    let without_place = |symbols: &[ListedSymbol<'_>]| -> Vec<_> {
        let row = |it: &ListedSymbol<'_>| {
            (it.name.to_vec(), it.address, it.size_bytes, it.class, it.scope)
        };
        let mut rows: Vec<_> = symbols.iter().map(row).collect();
        rows.sort_unstable();
        rows
    };
    assert_eq!(without_place(&with_companion), without_place(&whole));
}

#[test]
fn mini_symbols_are_listed_beside_those_of_the_loader() {
    let image = image(fixture!("mini"));
    let files = DebugFiles::new(image).expect("sections");
    let alone = list(image, Sources::Best).expect("a list");
    let symbols = debug_list::list(&files).expect("a list");
    assert!(symbols.len() > alone.len(), "{symbols:?}");
    let listed = by_name(&symbols);
    assert_eq!(listed["loop"].address, Some(0x40_1000));
    assert!(alone.iter().all(|symbol| symbols.contains(symbol)), "{symbols:?}");
}

#[test]
fn sizes_with_a_companion_are_those_before_the_strip() {
    let of = |files: &DebugFiles<'_>, data: &[u8]| {
        let sizes = attribute(image(data), Some(files)).expect("sizes");
        let mut functions = BTreeMap::new();
        for part in &sizes.parts {
            if let Some(symbol) = part.symbol {
                let name = sizes.symbols[symbol as usize].clone();
                *functions.entry(name).or_insert(0) += part.memory_bytes;
            }
        }
        functions
    };
    let mut stripped = files(fixture!("linked"));
    stripped.add_companion(image(fixture!("linked.debug"))).expect("its companion");
    let whole = of(&files(fixture!("dwarf5")), fixture!("dwarf5"));
    assert!(whole["loop"] > 0, "{whole:?}");
    assert_eq!(of(&stripped, fixture!("linked")), whole);
}

/// Sizes of the parts of a PDB's image, and of those of a damaged one, add up.
#[test]
fn damaged_pdbs_list_what_is_left() {
    let whole = debug_list::list(&with_pdb()).expect("a list").len();
    let pdb = fixture!("program.pdb");
    let dll = image(fixture!("program.dll"));
    let mut read = 0;
    for at in (4096..pdb.len()).step_by(61) {
        for value in [0, 0x7f, 0xff] {
            let mut damaged = pdb.to_vec();
            damaged[at] = value;
            let mut files = DebugFiles::new(dll).expect("sections");
            if files.add_pdb(&damaged).is_err() {
                continue;
            }
            read += 1;
            if let Ok(symbols) = debug_list::list(&files) {
                assert!(symbols.len() <= whole * 4, "{} symbols", symbols.len());
            }
            if let Ok(sizes) = attribute(dll, Some(&files)) {
                let sum: u64 = sizes.parts.iter().map(|part| part.file_bytes).sum();
                assert_eq!(sum, dll.data().len() as u64);
            }
        }
    }
    assert!(read > 1000, "only {read} damaged PDBs were read");
}
