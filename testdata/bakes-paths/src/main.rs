//! Prints the folder that it was built in.

fn main() {
    println!("{}", env!("CARGO_MANIFEST_DIR"));
}
