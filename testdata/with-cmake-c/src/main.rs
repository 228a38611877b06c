//! Calls the C code.

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn count(word: *const c_char) -> c_int;
}

fn counted(word: &CStr) -> c_int {
    // SAFETY: the function reads the string up to its terminator.
    unsafe { count(word.as_ptr()) }
}

fn main() {
    println!("three: {}, four: {}", counted(c"three"), counted(c"four"));
}
