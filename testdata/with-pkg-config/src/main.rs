//! Prints what pkg-config said.

fn main() {
    println!("acme: {}", env!("ACME"));
}
