//! Compiles the C code for the target.

fn main() {
    println!("cargo::rerun-if-changed=c");
    cc::Build::new().file("c/words.c").warnings_into_errors(true).compile("words");
}
