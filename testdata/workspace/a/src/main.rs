//! Prints the features of `shared` that the program was built with.

fn main() {
    println!("a: {}", shared::features());
}
