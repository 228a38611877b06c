//! Prints a value that the environment gave it when it was compiled.

fn main() {
    println!("channel: {}", option_env!("RELEASE_CHANNEL").unwrap_or("none"));
}
