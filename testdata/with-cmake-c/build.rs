//! Builds the C library with cmake.

fn main() {
    println!("cargo::rerun-if-changed=c");
    let built = cmake::Config::new("c").build_target("count").build();
    println!("cargo::rustc-link-search=native={}/build", built.display());
    println!("cargo::rustc-link-lib=static=count");
}
