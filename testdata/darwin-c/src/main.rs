//! Calls a function of macOS through C code that includes its header, allocates by C code that
//! includes others, and calls assembly code.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

unsafe extern "C" {
    fn random_byte(byte: *mut u8) -> i32;
    fn whole();
    fn split();
}

fn main() {
    let mut byte = 0;
    // SAFETY: it writes one byte; the others do nothing.
    let status = unsafe {
        whole();
        split();
        random_byte(&mut byte)
    };
    println!("{}", format!("{status} {byte}"));
}
