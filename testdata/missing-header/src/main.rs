//! Calls a function of one system.

unsafe extern "C" {
    fn poller() -> i32;
}

fn main() {
    // SAFETY: the function takes nothing and returns a descriptor or -1.
    println!("descriptor: {}", unsafe { poller() } >= 0);
}
