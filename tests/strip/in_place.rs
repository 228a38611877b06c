//! What a file is besides its bytes, and what its names lead to.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::{Folder, LIBRARY, PROGRAM, STRIP, bytes, refused, run, strip, stripped};
use crate::support::{cannot_test, native};

fn mode(path: &Path) -> u32 {
    path.metadata().expect("is there").mode() & 0o7777
}

fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn set_times(path: &Path) {
    let times = FileTimes::new().set_accessed(long_ago()).set_modified(long_ago());
    let file = File::options().write(true).open(path).expect("opens");
    file.set_times(times).expect("is ours");
}

#[test]
fn mode_and_attributes_stay_and_times_with_p() {
    let folder = Folder::new();
    for (args, keeps_times) in [(&[][..], false), (&["-p"], true)] {
        let file = folder.copy(PROGRAM, "file");
        fs::set_permissions(&file, Permissions::from_mode(0o4751)).expect("is ours");
        let has_attributes = xattr::set(&file, "user.test", b"kept").is_ok();
        set_times(&file);
        strip(args, &[&file]);
        assert_eq!(bytes(&file), stripped(PROGRAM));
        assert_eq!(mode(&file), 0o4751);
        if has_attributes {
            assert_eq!(
                xattr::get(&file, "user.test").expect("reads").as_deref(),
                Some(&b"kept"[..])
            );
        }
        let modified = file.metadata().and_then(|found| found.modified()).expect("has one");
        assert_eq!(modified == long_ago(), keeps_times);
    }
    assert_eq!(folder.names(), ["file"]);
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_stripped() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let link = folder.path("link");
    symlink("file", &link).expect("links");
    strip(&[], &[&link]);
    assert!(link.is_symlink());
    assert_eq!(bytes(&file), stripped(PROGRAM));
}

#[test]
fn all_names_of_a_file_see_the_result() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    fs::set_permissions(&file, Permissions::from_mode(0o4755)).expect("is ours");
    let other = folder.path("other");
    fs::hard_link(&file, &other).expect("links");
    let inode = file.metadata().expect("is there").ino();
    set_times(&file);
    // Both at once: one file is not worked on twice at a time.
    strip(&["-p"], &[&file, &other, &file]);
    let found = file.metadata().expect("is there");
    assert_eq!((found.ino(), found.nlink(), mode(&file)), (inode, 2, 0o4755));
    assert_eq!(found.modified().expect("has one"), long_ago());
    assert_eq!(bytes(&other), stripped(PROGRAM));
    assert_eq!(folder.names(), ["file", "other"]);
}

#[test]
fn what_is_stripped_already_is_left_alone() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "file");
    for (number, args) in
        [&[][..], &["-g"], &["--strip-unneeded"], &["-x"], &["-R", ".none"]].iter().enumerate()
    {
        if number == 0 {
            strip(args, &[&file]);
            set_times(&file);
        }
        let before = file.metadata().expect("is there");
        strip(args, &[&file]);
        let after = file.metadata().expect("is there");
        assert_eq!(before.ino(), after.ino(), "{args:?}");
        assert_eq!(after.modified().expect("has one"), long_ago(), "{args:?}");
    }
}

#[test]
fn another_output_leaves_the_input() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let input = bytes(&file);
    fs::set_permissions(&file, Permissions::from_mode(0o4755)).expect("is ours");
    let output = folder.path("output");
    for round in ["new", "replaced"] {
        strip(&["-o", output.to_str().expect("UTF-8")], &[&file]);
        assert_eq!(bytes(&output), stripped(PROGRAM), "{round}");
        // Nobody gets the owner's rights by a copy.
        assert_eq!(mode(&output) & 0o7000, 0, "{round}");
        assert_eq!(bytes(&file), input, "{round}");
    }
}

#[test]
fn an_output_that_is_a_link_stays_one() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    fs::create_dir(folder.path("below")).expect("creates");
    for (link, target) in [("link", "another"), ("below/link", "../new")] {
        let output = folder.path(link);
        symlink(target, &output).expect("links");
        if link == "link" {
            fs::copy(&file, folder.path("another")).expect("copies");
        }
        strip(&["-o", output.to_str().expect("UTF-8")], &[&file]);
        assert!(output.is_symlink(), "{link}");
        assert_eq!(bytes(&output), stripped(PROGRAM), "{link}");
    }
    assert_eq!(folder.names(), ["another", "below", "file", "link", "new"]);
}

#[test]
fn the_input_by_another_path_is_in_place() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let link = folder.path("link");
    symlink("file", &link).expect("links");
    strip(&["-o", link.to_str().expect("UTF-8")], &[&file]);
    assert!(link.is_symlink());
    assert_eq!(bytes(&file), stripped(PROGRAM));
    let output = file.to_str().expect("UTF-8");
    refused(&["--only-keep-debug", "-o", output], &[&file], 2, "would leave no program");
}

#[test]
fn a_device_takes_the_bytes_and_stays() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let device = folder.path("device");
    symlink("/dev/null", &device).expect("links");
    strip(&["-o", device.to_str().expect("UTF-8")], &[&file]);
    assert!(device.is_symlink() && !device.is_file());
    assert!(!Path::new("/dev/null").is_file());
}

/// The result goes where stdout goes, wherever that is, and nothing takes its place.
#[test]
fn stdout_takes_the_bytes_by_each_of_its_names() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let link = folder.path("link");
    let mut names = vec!["-"];
    if cfg!(target_os = "linux") {
        symlink("/proc/self/fd/1", &link).expect("links");
        names.push(link.to_str().expect("UTF-8"));
    }
    for name in names {
        let output = run(&["-v", "-o", name], &[&file]);
        assert!(output.status.success(), "{name}");
        assert_eq!(output.stdout, stripped(PROGRAM), "{name}: to a pipe");
        assert!(String::from_utf8_lossy(&output.stderr).contains("less)"), "the report: {name}");
        // What was written before stays, and what is written afterwards comes behind.
        let log = folder.path("log");
        let script = format!("{{ echo before; {STRIP} -o '{name}' \"$1\"; echo after; }} > \"$2\"");
        let mut shell = native("sh");
        shell.args(["-c", &script, "sh"]).arg(&file).arg(&log);
        assert!(shell.status().expect("sh starts").success());
        let expected = [&b"before\n"[..], &stripped(PROGRAM), b"after\n"].concat();
        assert!(bytes(&log) == expected, "{name}: to a file");
        let mut closed = native("sh");
        closed.args(["-c", &format!("{STRIP} -o '{name}' \"$1\" | true"), "sh"]).arg(&file);
        let output = closed.output().expect("sh starts");
        assert!(output.stderr.is_empty(), "{name}: to a reader that has gone");
    }
    assert!(!link.exists() || link.is_symlink());
}

/// A file that is held open elsewhere is written into: whoever holds it sees the bytes.
#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_held_open_is_written_into() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let held = folder.path("held");
    fs::write(&held, "old").expect("writes");
    let inode = held.metadata().expect("is there").ino();
    symlink("/proc/self/fd/3", folder.path("link")).expect("links");
    let script = format!("{STRIP} -o \"$2\" \"$1\" 3>> \"$3\"");
    let mut shell = native("sh");
    shell.args(["-c", &script, "sh"]).args([&file, &folder.path("link"), &held]);
    assert!(shell.status().expect("sh starts").success());
    assert_eq!(held.metadata().expect("is there").ino(), inode);
    assert_eq!(bytes(&held), stripped(PROGRAM));
}

fn make_pipe(pipe: &Path) {
    assert!(native("mkfifo").arg(pipe).status().expect("mkfifo is there").success());
}

#[test]
fn a_pipe_takes_the_bytes_and_is_waited_for_aloud() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let pipe = folder.path("pipe");
    make_pipe(&pipe);
    let output = pipe.to_str().expect("UTF-8");
    // What is wrong with the input is said at once, though nobody reads.
    let bad = folder.path("bad");
    fs::write(&bad, "text").expect("writes");
    refused(&["-o", output], &[&bad], 1, "not an ELF, Mach-O or PE image");
    let mut child = native(STRIP);
    child.args(["-o", output]).arg(&file).stderr(Stdio::piped());
    let mut child = child.spawn().expect("starts");
    let mut said = String::new();
    let stderr = child.stderr.as_mut().expect("is piped");
    io::BufRead::read_line(&mut io::BufReader::new(stderr), &mut said).expect("reads");
    assert!(said.contains("waiting until something reads"), "{said}");
    assert_eq!(bytes(&pipe), stripped(PROGRAM));
    assert!(child.wait().expect("ends").success());
    assert_eq!(folder.names(), ["bad", "file", "pipe"]);
    let child = native(STRIP).args(["-q", "-o", output]).arg(&file).stderr(Stdio::piped()).spawn();
    assert_eq!(bytes(&pipe), stripped(PROGRAM));
    let ended = child.expect("starts").wait_with_output().expect("ends");
    assert_eq!((ended.status.success(), &*ended.stderr), (true, &b""[..]));
}

/// What goes is less than what the alignment of a section takes that stays.
#[test]
fn a_result_that_is_larger_is_warned_of() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    strip(&["-g"], &[&file]);
    let mut content = bytes(&file);
    let u64_at = |at: usize| u64::from_le_bytes(content[at..at + 8].try_into().expect("8 bytes"));
    let headers = u64_at(40) as usize;
    let count = usize::from(u16::from_le_bytes([content[60], content[61]]));
    let size = content.len();
    for number in 1..count {
        let header = headers + 64 * number;
        let is_loaded = content[header + 8] & 2 != 0;
        if !is_loaded {
            content[header + 48..header + 56].copy_from_slice(&4096_u64.to_le_bytes());
        }
    }
    fs::write(&file, content).expect("writes");
    let said = String::from_utf8(run(&["-R", ".comment", "-g"], &[&file]).stderr).expect("UTF-8");
    let more = bytes(&file).len() - size;
    assert!(said.contains(&format!("the result has {more} bytes more than the input")), "{said}");
}

#[test]
fn one_bad_file_does_not_hinder_the_others() {
    let folder = Folder::new();
    let files: Vec<_> =
        (0..20).map(|number| folder.copy(PROGRAM, &format!("file-{number:02}"))).collect();
    fs::write(&files[7], "text").expect("writes");
    let paths: Vec<&Path> = files.iter().map(|file| file.as_path()).collect();
    refused(&[], &paths, 1, "file-07: not an ELF, Mach-O or PE image");
    assert_eq!(bytes(&files[7]), b"text");
    let expected = stripped(PROGRAM);
    for file in files.iter().filter(|file| !file.ends_with("file-07")) {
        assert_eq!(bytes(file), expected, "{}", file.display());
    }
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    make_pipe(&pipe);
    refused(&[], &[&pipe], 1, "no regular file");
    refused(&["-"], &[], 2, "save what it gives to a file");
}

/// Programs of these tests that wait: rgo-version-m for the end of its input.
fn waiting(path: &Path) -> std::process::Child {
    fs::copy(env!("CARGO_BIN_EXE_rgo-version-m"), path).expect("copies");
    let mut command = native(path);
    command.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A process that was just forked elsewhere in these tests may hold the file open still.
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
            child => return child.expect("starts"),
        }
    }
}

#[test]
fn a_running_program_can_be_replaced_and_is_not_written_over() {
    let folder = Folder::new();
    let file = folder.path("file");
    let mut child = waiting(&file);
    let before = bytes(&file);
    let other = folder.path("other");
    fs::hard_link(&file, &other).expect("links");
    if cfg!(target_os = "linux") {
        refused(&["-g"], &[&file], 1, "busy");
        assert_eq!(bytes(&file), before);
    }
    fs::remove_file(&other).expect("is there");
    strip(&["-g"], &[&file]);
    assert!(bytes(&file).len() < before.len());
    assert!(child.try_wait().expect("is ours").is_none(), "it runs on");
    drop(child.stdin.take());
    child.wait().expect("ends");
    assert_eq!(folder.names(), ["file"]);
}

/// Strips as a user who owns nothing here; `None` if that cannot be done.
fn as_nobody(args: &[&str], file: &Path) -> Option<std::process::Output> {
    let output = native(STRIP).args(args).arg(file).uid(65534).gid(65534).output();
    if let Err(error) = &output {
        cannot_test(format!("rgo-strip as another user: {error}"));
    }
    output.ok()
}

#[test]
fn who_may_write_and_not_own_writes_over_the_file() {
    let folder = Folder::new();
    fs::set_permissions(folder.path("."), Permissions::from_mode(0o777)).expect("is ours");
    let file = folder.copy(PROGRAM, "file");
    fs::set_permissions(&file, Permissions::from_mode(0o646)).expect("is ours");
    let before = file.metadata().expect("is there");
    let Some(output) = as_nobody(&[], &file) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let after = file.metadata().expect("is there");
    assert_eq!((after.ino(), after.uid(), mode(&file)), (before.ino(), before.uid(), 0o646));
    assert_eq!(bytes(&file), stripped(PROGRAM));
}

#[test]
fn a_file_that_is_not_to_be_written_to_stays() {
    let folder = Folder::new();
    fs::set_permissions(folder.path("."), Permissions::from_mode(0o777)).expect("is ours");
    let file = folder.copy(PROGRAM, "file");
    fs::set_permissions(&file, Permissions::from_mode(0o444)).expect("is ours");
    let before = bytes(&file);
    let Some(output) = as_nobody(&[], &file) else { return };
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ermission denied"));
    assert_eq!(bytes(&file), before);
    assert_eq!(folder.names(), ["file"]);
}
