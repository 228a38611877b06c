//! Builds the C++ library with cmake and links it with the C++ runtime of the target.

fn main() {
    println!("cargo::rerun-if-changed=cxx");
    let built = cmake::Config::new("cxx").build_target("count").build();
    println!("cargo::rustc-link-search=native={}/build", built.display());
    println!("cargo::rustc-link-lib=static=count");
    // An empty C++ file through cc names the runtime that the target's compiler wants.
    cc::Build::new().cpp(true).file("cxx/empty.cpp").compile("empty");
}
