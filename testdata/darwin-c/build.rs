//! Compiles C code that includes headers of macOS, and assembly code.

fn main() {
    println!("cargo::rerun-if-changed=src");
    cc::Build::new().file("src/headers.c").compile("headers");
    for (name, split) in [("whole", None), ("split", Some("SPLIT"))] {
        let mut build = cc::Build::new();
        build.file("src/private.S").define("NAME", &*format!("_{name}"));
        split.map(|split| build.define(split, None));
        build.compile(name);
    }
}
