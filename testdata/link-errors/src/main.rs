//! Declares what the linker will not find.

#[cfg(feature = "library")]
#[link(name = "nosuchlibrary")]
unsafe extern "C" {
    fn nosuchlibrary_open() -> i32;
}

#[cfg(feature = "symbol")]
unsafe extern "C" {
    // In glibc since 2.38.
    #[link_name = "__isoc23_strtol"]
    fn nosuchlibrary_open() -> i32;
}

#[cfg(feature = "framework")]
#[link(name = "NoSuchKit", kind = "framework")]
unsafe extern "C" {
    #[link_name = "NSApplicationLoad"]
    fn nosuchlibrary_open() -> i32;
}

#[cfg(not(any(feature = "library", feature = "symbol", feature = "framework")))]
unsafe extern "C" fn nosuchlibrary_open() -> i32 {
    0
}

fn main() {
    // SAFETY: never reached: where the function is foreign, the program does not link.
    println!("{}", unsafe { nosuchlibrary_open() });
}
