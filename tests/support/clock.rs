//! Notes how long each test takes, for the list that `cargo xtask test` prints: libtest reports times
//! only on nightly compilers. A test's clock runs from its first use of `support` to the end of its
//! thread, which libtest names after it. Tests that use nothing of `support` take no time worth a note.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Instant;

struct Clock(Instant);

thread_local! {
    static CLOCK: Clock = Clock(Instant::now());
}

/// Starts the clock of this test, unless it runs.
pub(crate) fn start() {
    CLOCK.with(|_| ());
}

impl Drop for Clock {
    fn drop(&mut self) {
        let thread = std::thread::current();
        // The main thread runs several tests, if libtest has no other.
        let test = thread.name().filter(|name| *name != "main");
        let (Some(test), Some(file)) = (test, std::env::var_os("RGO_TEST_TIMES")) else { return };
        let line = format!("{:.1}\t{test}\n", self.0.elapsed().as_secs_f64());
        // One write for each line: other tests end at the same time.
        let file = OpenOptions::new().append(true).create(true).open(file);
        let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }
}
