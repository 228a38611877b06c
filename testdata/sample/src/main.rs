//! Says who it is, where it runs, and that the standard library it was linked with works:
//! threads, unwinding, the clock, the environment. `sample exit N` ends with N.

use std::env::consts::{ARCH, OS};
use std::process::ExitCode;

rgo_stamp::stamp! {
    /// The version that a release gives it.
    pub static VERSION = "dev";
    /// The commit that it was built from.
    pub static COMMIT: 64 = "unknown";
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let code = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["exit", code] => code.parse().unwrap_or(1),
        _ => 0,
    };

    println!("sample {VERSION} ({COMMIT})");
    println!("target: {OS}/{ARCH}, pid {}", process_id());
    println!("semver: {}", semver::Version::new(1, 2, 3));
    println!("args: {}", args.join(" "));
    println!("threads: {}", threads());
    println!("unwinding: {}", if unwinds() { "works" } else { "does not work" });
    if cfg!(feature = "loud") {
        println!("LOUD");
    }
    ExitCode::from(code)
}

#[cfg(unix)]
fn process_id() -> String {
    // SAFETY: getpid has no preconditions.
    itoa::Buffer::new().format(unsafe { libc::getpid() }).to_owned()
}

#[cfg(not(unix))]
fn process_id() -> String {
    itoa::Buffer::new().format(std::process::id()).to_owned()
}

fn threads() -> usize {
    let workers: Vec<_> = (0..4).map(|i| std::thread::spawn(move || i)).collect();
    workers.into_iter().filter_map(|worker| worker.join().ok()).count()
}

fn unwinds() -> bool {
    std::panic::set_hook(Box::new(|_| ()));
    std::panic::catch_unwind(|| panic!("caught")).is_err()
}
