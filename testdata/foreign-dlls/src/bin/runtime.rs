//! Needs a compiler's runtime.

#[cfg(windows)]
#[link(name = "vcruntime140", kind = "raw-dylib")]
unsafe extern "C" {
    fn wcschr(text: *const u16, letter: u16) -> *const u16;
}

fn main() {
    #[cfg(windows)]
    println!("{}", unsafe { wcschr([0].as_ptr(), 1) }.is_null());
}
