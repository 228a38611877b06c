//! Compiles everywhere but on windows.

#[cfg(windows)]
fn name() -> &'static str {
    let number: u32 = "not a number";
    number
}

#[cfg(not(windows))]
fn name() -> &'static str {
    "fine here"
}

fn main() {
    println!("{}", name());
}
