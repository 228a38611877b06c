//! Would overwrite the other package's program.

fn main() {
    println!("one");
}
