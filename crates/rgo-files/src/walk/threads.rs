//! The threads that visit files.

use std::panic;
use std::thread;

/// Runs `work` on as many threads as the machine runs in parallel, including this one, and returns
/// their results. For a single file, this thread alone works: starting another one takes longer than
/// reading a small file.
pub(super) fn run<R: Send>(is_single: bool, work: impl Fn() -> R + Sync) -> Vec<R> {
    let others = match thread::available_parallelism() {
        Ok(count) if !is_single => count.get() - 1,
        _ => 0,
    };
    thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(&work)).collect();
        let mut results = vec![work()];
        for other in others {
            results.push(other.join().unwrap_or_else(|payload| panic::resume_unwind(payload)));
        }
        results
    })
}
