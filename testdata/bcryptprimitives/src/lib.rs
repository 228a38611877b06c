//! Randomness for Rust programs under a Wine that has no `bcryptprimitives.dll`: the function that
//! their standard library imports, over one that every Wine has. Without a standard library of its
//! own, which would import this very file.

#![no_std]
#![cfg(windows)]

#[link(name = "advapi32")]
unsafe extern "system" {
    #[link_name = "SystemFunction036"]
    fn generate(buffer: *mut u8, length: u32) -> u8;
}

/// Fills a buffer with random bytes; returns whether it did.
///
/// # Safety
/// `data` must be valid for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ProcessPrng(data: *mut u8, size: usize) -> i32 {
    let Ok(length) = u32::try_from(size) else { return 0 };
    // SAFETY: the caller's promise, handed on.
    i32::from(unsafe { generate(data, length) } != 0)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
