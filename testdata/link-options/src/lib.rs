//! A library that exports two functions, and by its own version script no more.

/// The sum.
#[unsafe(no_mangle)]
pub extern "C" fn options_add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// How many arguments the program has, as a text: something of std.
#[unsafe(no_mangle)]
pub extern "C" fn options_count() -> usize {
    format!("{}", std::env::args().count()).len()
}
