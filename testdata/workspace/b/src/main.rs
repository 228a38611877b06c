//! Prints the features of `shared` that the program was built with, and how long that text is.

fn main() {
    let features = shared::features();
    println!("b: {features} ({})", itoa::Buffer::new().format(features.len()));
}
