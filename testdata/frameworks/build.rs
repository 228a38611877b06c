//! Has the program refer to the symbols in SYMBOLS, hands on the options in OPTIONS, and has the
//! program's object file ask for the frameworks in AUTOLINK; each is parted by spaces.

use std::fmt::Write as _;

fn main() {
    println!("cargo::rerun-if-env-changed=SYMBOLS");
    println!("cargo::rerun-if-env-changed=OPTIONS");
    println!("cargo::rerun-if-env-changed=AUTOLINK");
    let read = |name: &str| std::env::var(name).unwrap_or_default();
    for option in read("OPTIONS").split_whitespace() {
        println!("cargo::rustc-link-arg-bins={option}");
    }
    let mut source = String::from("unsafe extern \"C\" {\n");
    let symbols = read("SYMBOLS");
    for (number, symbol) in symbols.split_whitespace().enumerate() {
        // \x01 keeps rustc from putting an underscore before the name.
        writeln!(source, "    #[link_name = \"\\x01{symbol}\"] static NAME_{number}: u8;").unwrap();
    }
    let count = symbols.split_whitespace().count();
    writeln!(source, "}}\n#[used] static ALL: [Place; {count}] = [").unwrap();
    for number in 0..count {
        writeln!(source, "    Place(&raw const NAME_{number}),").unwrap();
    }
    source.push_str("];\n");
    for framework in read("AUTOLINK").split_whitespace() {
        let line = format!(".linker_option \"-framework\", \"{framework}\"");
        writeln!(source, "std::arch::global_asm!({line:?});").unwrap();
    }
    let folder = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{folder}/symbols.rs"), source).unwrap();
}
