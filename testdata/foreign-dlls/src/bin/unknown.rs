//! Needs a library of somebody else's.

#[cfg(windows)]
#[link(name = "acme", kind = "raw-dylib")]
unsafe extern "C" {
    fn acme_version() -> u32;
}

fn main() {
    #[cfg(windows)]
    println!("{}", unsafe { acme_version() });
}
