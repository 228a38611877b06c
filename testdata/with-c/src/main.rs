//! Calls the C code.

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn describe(out: *mut c_char, size: usize, value: f64) -> c_int;
}

fn main() {
    let mut out = [0; 64];
    // SAFETY: the function writes at most `size` bytes, the terminator among them.
    unsafe { describe(out.as_mut_ptr(), out.len(), 2.0) };
    let bytes = out.map(|c| c as u8);
    println!("{}", CStr::from_bytes_until_nul(&bytes).unwrap().to_str().unwrap());
}
