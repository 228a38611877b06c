//! Asks for a library, and tells the program what came of it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let found = match pkg_config::Config::new().cargo_metadata(false).probe("acme") {
        Ok(library) => format!("{} in {:?}", library.version, library.include_paths),
        Err(pkg_config::Error::ProbeFailure { .. }) => "not there".to_owned(),
        Err(other) => format!("not asked: {other}"),
    };
    println!("cargo::rustc-env=ACME={}", found.replace('\n', " "));
}
