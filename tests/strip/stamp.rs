//! `rgo-build stamp` keeps what `rgo-strip` keeps of a file.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use super::{Folder, PROGRAM, bytes};
use crate::support::native;

/// Stamps, and holds that it works.
#[track_caller]
fn stamp(file: &Path, value: &str, args: &[&Path]) {
    let mut stamp = native(env!("CARGO_BIN_EXE_rgo-build"));
    stamp.arg("stamp").arg(file).arg("-X").arg(format!("a::BANNER={value}")).args(args);
    let output = stamp.output().expect("rgo-build starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn has(file: &Path, value: &str) -> bool {
    memchr::memmem::find(&bytes(file), value.as_bytes()).is_some()
}

#[test]
fn a_stamped_file_keeps_its_names_mode_and_attributes() {
    let folder = Folder::new();
    for names in [1, 2] {
        let file = folder.copy(PROGRAM, "file");
        let other = folder.path("other");
        if names == 2 {
            fs::hard_link(&file, &other).expect("links");
        }
        fs::set_permissions(&file, Permissions::from_mode(0o4750)).expect("is ours");
        let has_attributes = xattr::set(&file, "user.test", b"kept").is_ok();
        // Only root can give a file away.
        let is_given = std::os::unix::fs::chown(&file, Some(12345), Some(12345)).is_ok();
        fs::set_permissions(&file, Permissions::from_mode(0o4750)).expect("is ours");
        stamp(&file, "stamped once", &[]);
        let found = file.metadata().expect("is there");
        assert_eq!((found.mode() & 0o7777, found.nlink()), (0o4750, names));
        if is_given {
            assert_eq!((found.uid(), found.gid()), (12345, 12345));
        }
        if has_attributes {
            let value = xattr::get(&file, "user.test").expect("reads");
            assert_eq!(value.as_deref(), Some(&b"kept"[..]));
        }
        assert!(has(&file, "stamped once"));
        assert!(names == 1 || has(&other, "stamped once"));
    }
}

#[test]
fn a_file_that_has_the_value_already_is_left_alone() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    stamp(&file, "stamped once", &[]);
    let before = file.metadata().expect("is there");
    stamp(&file, "stamped once", &[]);
    let after = file.metadata().expect("is there");
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
}

#[test]
fn links_stay_and_another_output_leaves_the_input() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "file");
    let input = bytes(&file);
    let (link, output) = (folder.path("link"), folder.path("output"));
    symlink("output", &link).expect("links");
    stamp(&file, "stamped once", &[Path::new("-o"), &link]);
    assert!(link.is_symlink() && has(&output, "stamped once"));
    assert_eq!(bytes(&file), input);
    stamp(&link, "stamped twice", &[]);
    assert!(link.is_symlink() && has(&output, "stamped twice"));
    assert_eq!(folder.names(), ["file", "link", "output"]);
}
