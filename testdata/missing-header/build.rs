//! Compiles the C code for the target.

fn main() {
    println!("cargo::rerun-if-changed=c");
    cc::Build::new().file("c/poll.c").compile("poll");
}
