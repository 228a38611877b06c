//! Makes Rust declarations of the header, for the target.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=c");
    let bindings = bindgen::builder().header("c/types.h").allowlist_item("types").generate();
    let out = Path::new(&env::var("OUT_DIR").unwrap()).join("types.rs");
    bindings.unwrap().write_to_file(out).unwrap();
}
