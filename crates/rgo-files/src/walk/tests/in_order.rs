//! Results come in order and early, and only few of them wait.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::super::{Found, Item, MAX_AHEAD, Options, visit_each};
use super::build::image;
use super::words;

/// More than any of these files takes.
#[cfg(target_os = "linux")]
const LONG: Duration = Duration::from_secs(30);

fn numbered(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        fs::write(folder.path().join(format!("{number:05}")), image(40)).unwrap();
    }
    folder
}

/// A result that does not come in time never comes: then this fails and does not hang.
#[cfg(target_os = "linux")] // rustix makes no pipe on macOS
#[test]
fn the_first_result_comes_before_the_last_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (file, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
    fs::write(&file, image(40)).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let args = [file, pipe.clone()];
    let (sender, results) = std::sync::mpsc::channel();
    let visits = thread::spawn(move || {
        visit_each(&args, &Options::default(), &|_| {}, &words, &mut |found: Found<String>| {
            sender.send(found.value).unwrap();
            ControlFlow::Continue(())
        });
    });
    assert_eq!(results.recv_timeout(LONG).unwrap(), "image 40");
    assert!(results.try_recv().is_err(), "the pipe has no bytes yet");
    fs::write(pipe, image(41)).unwrap();
    assert_eq!(results.recv_timeout(LONG).unwrap(), "image 41");
    visits.join().unwrap();
}

#[test]
fn few_results_wait_for_a_file_that_takes_long() {
    let count = MAX_AHEAD * 4;
    let folder = numbered(count);
    let looked = AtomicUsize::new(0);
    let is_first = |item: &Item<'_>| item.name.file().ends_with("00000");
    let inspect = |item: &Item<'_>| {
        let mut before = looked.fetch_add(1, Ordering::SeqCst);
        // The first file takes until the others have got ahead.
        while is_first(item) {
            thread::sleep(Duration::from_millis(200));
            let now = looked.load(Ordering::SeqCst);
            if now == before {
                break;
            }
            before = now;
        }
        Some(item.name.file().to_owned())
    };
    let threads = thread::available_parallelism().unwrap().get();
    let mut taken: Vec<PathBuf> = Vec::new();
    let mut most = 0;
    let args = [folder.path().to_owned()];
    visit_each(&args, &Options::default(), &|_| {}, &inspect, &mut |found: Found<PathBuf>| {
        most = most.max(looked.load(Ordering::SeqCst) - taken.len());
        taken.push(found.value);
        ControlFlow::Continue(())
    });
    assert!(most <= MAX_AHEAD + threads, "{most}");
    assert!(threads == 1 || most >= MAX_AHEAD, "{most}: the others wait for nothing");
    assert_eq!(taken.len(), count);
    assert!(taken.is_sorted());
}

/// Files without a result count too: otherwise nothing would bound their number.
#[test]
fn files_without_a_result_do_not_wait_without_end() {
    let folder = numbered(MAX_AHEAD * 2);
    let args = [folder.path().to_owned()];
    let mut taken = 0;
    let inspect = |item: &Item<'_>| item.name.file().ends_with("00511").then_some(());
    visit_each(&args, &Options::default(), &|_| {}, &inspect, &mut |_: Found<()>| {
        taken += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(taken, 1);
}

#[test]
fn no_file_is_begun_once_no_more_are_wanted() {
    let folder = numbered(MAX_AHEAD * 4);
    let begun = AtomicUsize::new(0);
    let begin = |_: &std::path::Path| {
        begun.fetch_add(1, Ordering::SeqCst);
    };
    let args = [folder.path().to_owned()];
    let mut taken = 0;
    visit_each(&args, &Options::default(), &begin, &words, &mut |_: Found<String>| {
        taken += 1;
        ControlFlow::Break(())
    });
    let threads = thread::available_parallelism().unwrap().get();
    assert_eq!(taken, 1);
    assert!(begun.load(Ordering::SeqCst) <= 1 + MAX_AHEAD + threads);
}

#[test]
fn a_panic_ends_all_threads() {
    let folder = numbered(MAX_AHEAD * 4);
    let args = [folder.path().to_owned()];
    let inspect = |item: &Item<'_>| {
        assert!(!item.name.file().ends_with("00000"), "on purpose");
        Some(())
    };
    let visits = || {
        visit_each(&args, &Options::default(), &|_| {}, &inspect, &mut |_: Found<()>| {
            ControlFlow::Continue(())
        });
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(visits)).is_err());
}
