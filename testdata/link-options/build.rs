//! Hands linker options on, from a variable for each kind of file, parted by spaces.

fn main() {
    for (variable, kind) in [("LIBRARY_OPTIONS", "cdylib"), ("PROGRAM_OPTIONS", "bins")] {
        println!("cargo::rerun-if-env-changed={variable}");
        let options = std::env::var(variable).unwrap_or_default();
        for option in options.split_whitespace() {
            println!("cargo::rustc-link-arg-{kind}={option}");
        }
    }
}
