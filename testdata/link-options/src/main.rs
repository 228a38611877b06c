//! A program with a function that a plugin would look for in it.

fn main() {
    println!("{} arguments", std::env::args().count() - 1);
}

/// What a plugin would look for in the program.
#[unsafe(no_mangle)]
pub extern "C" fn program_hook() -> usize {
    std::env::args().count()
}
