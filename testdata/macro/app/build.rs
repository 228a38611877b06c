//! Generates code; runs on the host.

use std::env;
use std::env::consts::{ARCH, OS};
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap();
    let out = Path::new(&env::var_os("OUT_DIR").unwrap()).join("generated.rs");
    let code =
        format!("const SCRIPT_RAN_ON: &str = \"{OS}/{ARCH}\";\nconst TARGET: &str = {target:?};\n");
    std::fs::write(out, code).unwrap();
}
