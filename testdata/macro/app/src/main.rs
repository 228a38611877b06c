//! Prints where its macro and its build script ran, and where it runs itself.

use std::env::consts::{ARCH, OS};

include!(concat!(env!("OUT_DIR"), "/generated.rs"));

fn main() {
    println!(
        "macro on {}, script on {SCRIPT_RAN_ON}, for {TARGET}, on {OS}/{ARCH}",
        derive::host!()
    );
}
