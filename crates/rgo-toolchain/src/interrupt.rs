//! Stops a build on a signal. The signal goes on to the programs that the build runs, and to their
//! children. When these have exited, rgo removes the temporary files of the build and ends by the
//! same signal.
//!
//! ```text
//! SIGINT, SIGTERM, SIGHUP ─▶ cargo, rustc, build scripts, linkers get the same signal
//!                            they have exited ─▶ temporary folders go ─▶ 130, 143, 129 for a shell
//! a second one, or 10 s   ─▶ rgo kills them
//! ```
//!
//! A terminal sends its signal to all of them anyway; a CI system or a script signals only this
//! process. rgo finds the programs by their parents. It does not use a process group of its own,
//! because git and ssh could then not ask for a password on the terminal.

#[cfg(unix)]
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// Whether a signal is ending this process. The signal handler itself sets it: any thread may come
/// first after the signal.
static STOPPING: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
/// Folders to remove when a signal ends this process.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that is removed when this value is dropped, or when a signal ends the process.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Takes over a folder that exists.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(folder.clone());
        Self(folder)
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If this fails, `cache prune` finds the folder later.
        let _ = std::fs::remove_dir_all(&self.0);
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| *folder != self.0);
    }
}

/// Call this after each program has exited. If a signal is ending this process, it does not return,
/// so that rgo reports no failure.
pub fn checkpoint(ended: ExitStatus) {
    // A terminal signals the program and this process at once. Where the program exits first, the
    // signal to this process is still on its way.
    const GRACE: Duration = Duration::from_millis(200);
    if was_stopped(ended) && !STOPPING.load(Ordering::SeqCst) {
        std::thread::sleep(GRACE);
    }
    while STOPPING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Whether one of the signals that [`install`] handles has ended the program.
#[cfg(unix)]
fn was_stopped(ended: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    ended.signal().is_some_and(|signal| SIGNALS.contains(&signal))
}

/// Always false, because this system has no signals.
#[cfg(not(unix))]
fn was_stopped(_: ExitStatus) -> bool {
    false
}

/// The signals that ask a program to stop.
#[cfg(unix)]
const SIGNALS: [i32; 3] = {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    [SIGHUP, SIGINT, SIGTERM]
};

/// Makes signals end this process as the module head describes. Call it once, before any program
/// runs. `processes` lists all processes that have not exited.
#[cfg(unix)]
pub fn install(processes: fn() -> Processes) {
    // A signal that the parent set to ignore, like `nohup` or a shell with background jobs, stays
    // so.
    let ignored = ignored_signals();
    let handled = SIGNALS.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // If rgo cannot handle signals, they end this process in the default way.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(handled.clone()) else { return };
    for signal in handled {
        // Without the flag, the thread below still sets it, only later.
        let _ = signal_hook::flag::register(signal, Arc::clone(&STOPPING));
    }
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            STOPPING.store(true, Ordering::SeqCst);
            end_all(signal, &mut signals, processes);
            let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for folder in folders {
                let _ = std::fs::remove_dir_all(folder);
            }
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

/// Does nothing, because this system has no signals.
#[cfg(not(unix))]
pub fn install(_: fn() -> Processes) {}

/// Sends the signal to all programs that this process has started, and to their descendants, until
/// none remains.
#[cfg(unix)]
fn end_all(
    signal: i32,
    signals: &mut signal_hook::iterator::Signals,
    processes: fn() -> Processes,
) {
    use rustix::process::{Pid, Signal, kill_process};
    use std::time::Instant;

    const PAUSE: Duration = Duration::from_millis(20);
    // CI systems kill everything a few seconds after their signal.
    const PATIENCE: Duration = Duration::from_secs(10);
    let begun = Instant::now();
    let own = std::process::id();
    let mut told: BTreeSet<u32> = BTreeSet::new();
    let mut is_urgent = false;
    loop {
        let processes = processes();
        // A process whose parent has exited is still one of ours.
        let ours = below(own, &told, &processes);
        if ours.is_empty() {
            return;
        }
        for process in ours {
            let is_new = told.insert(process);
            let signal =
                if is_urgent { Some(Signal::KILL) } else { Signal::from_named_raw(signal) };
            let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
            if let (Some(pid), Some(signal), true) = (pid, signal, is_new || is_urgent) {
                // The process may have exited meanwhile.
                let _ = kill_process(pid, signal);
            }
        }
        std::thread::sleep(PAUSE);
        is_urgent |= signals.pending().next().is_some() || begun.elapsed() > PATIENCE;
    }
}

/// Pairs of a process and its parent.
pub type Processes = Vec<(u32, u32)>;

/// The members of `processes` that are in `known`, or that descend from `own` or from one in
/// `known`.
#[cfg(unix)]
fn below(own: u32, known: &BTreeSet<u32>, processes: &Processes) -> BTreeSet<u32> {
    let mut found: BTreeSet<u32> =
        processes.iter().map(|(process, _)| *process).filter(|it| known.contains(it)).collect();
    loop {
        let more: Vec<u32> = processes
            .iter()
            .filter(|(process, parent)| {
                (*parent == own || found.contains(parent)) && !found.contains(process)
            })
            .map(|(process, _)| *process)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The signals that this process ignores, as a bit mask whose lowest bit is signal 1. Always 0 on
/// systems other than Linux.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn descendants_are_found_by_their_parents() {
        let processes = vec![(1, 0), (10, 1), (11, 10), (12, 11), (13, 12), (20, 1), (21, 20)];
        let found = |known: &[u32]| {
            let known = known.iter().copied().collect();
            below(10, &known, &processes).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(found(&[]), [11, 12, 13]);
        // 20 was ours, and its parent has exited; 99 has exited itself.
        assert_eq!(found(&[20, 99]), [11, 12, 13, 20, 21]);
    }

    #[test]
    fn a_temporary_folder_goes() {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let temporary = Temporary::new(folder.clone());
        assert!(temporary.path().is_dir());
        drop(temporary);
        assert!(!folder.exists());
    }
}
