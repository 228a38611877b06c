//! A library for C. Exactly two functions and a variable are exported, in every format.

/// Adds.
#[unsafe(no_mangle)]
pub extern "C" fn plug_add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// The length of a line that is formatted and allocated, so that much of std is linked in.
#[unsafe(no_mangle)]
pub extern "C" fn plug_describe(value: f64) -> usize {
    let line = format!("{value:?} {:?}", std::thread::current().name());
    line.len()
}

/// The version of the interface.
#[unsafe(no_mangle)]
pub static PLUG_ABI: u32 = 7;

/// Public, but no export.
pub fn internal() -> &'static str {
    "not exported"
}
