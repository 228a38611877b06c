//! What `rgo-strip` refuses: whatever it could not do whole. Nothing is written then, and the
//! reason is said.

use std::fs;
use std::path::Path;

use crate::support::made::one;
use crate::support::stripping::{MODES, done, same_behaviour, sound_in_every_mode};
use crate::support::{Outcome, can, native, not_tested, scratch, tool};

const LINUX: &str = "zig x86_64-linux-gnu.2.17-cc";
const DARWIN: &str = "zig x86_64-macos.11.0-cc";
const WINDOWS: &str = "zig x86_64-windows-gnu-cc";

/// A program, what is asked, and what is said.
const NOT_IN_THIS_FORMAT: [(&str, &[&str], &str); 12] = [
    (LINUX, &["--sign", "adhoc"], "an ad-hoc signature of an ELF image is not supported"),
    (LINUX, &["-R", ".text"], "removing section .text is not supported"),
    (LINUX, &["-R", ".dynsym"], "removing section .dynsym is not supported"),
    (WINDOWS, &["--sign", "adhoc"], "an ad-hoc signature of a PE image is not supported"),
    (WINDOWS, &["-R", ".text"], "removing section .text is not supported"),
    (WINDOWS, &["--compress-debug", "zlib"], "compressing debug data of a PE image"),
    (WINDOWS, &["--compress-debug", "zstd"], "compressing debug data of a PE image"),
    (DARWIN, &["-R", "__text"], "removing section __TEXT,__text is not supported"),
    (DARWIN, &["-N", "_printf"], "removing symbol _printf is not supported"),
    (DARWIN, &["--add-section", ".x=/dev/null"], "adding section .x to a Mach-O image"),
    (DARWIN, &["--compress-debug", "zlib"], "compressed debug sections in a Mach-O image"),
    (DARWIN, &["--compress-debug", "zstd"], "compressed debug sections in a Mach-O image"),
];

#[test]
fn what_a_format_cannot_have_is_refused() {
    for (name, args, words) in NOT_IN_THIS_FORMAT {
        let subject = one(name).expect("zig made it");
        let folder = subject.folder("refused");
        let output = folder.place("out", subject.file_name());
        subject.strip(args, &output).ended(1).says(words);
        assert!(!output.exists(), "{name} {args:?}");
    }
}

/// The DWARF of what was linked elsewhere is in object files, which are named, with the way out.
#[test]
fn debug_data_in_object_files_cannot_be_split_off() {
    for name in [DARWIN, "fat", "rust darwin-arm64"] {
        let subject = one(name).expect("made");
        let folder = subject.folder("split");
        let (output, store) = (folder.place("out", "program"), folder.place("out", "store"));
        let split = format!("--split={}", store.display());
        let outcome = subject.strip(&[&split], &output).ended(1);
        outcome
            .says("its debug data are in object files")
            .says(".o")
            .says("rgo-build --strip split");
        assert!(!output.exists() && !store.exists(), "{name}");
    }
}

/// A program with something behind it, which it finds by its place in the file.
fn with_overlay(name: &str, folder: &Path) -> std::path::PathBuf {
    let subject = one(name).expect("made");
    let file = folder.join(subject.file_name());
    let bytes = fs::read(&subject.file).expect("read");
    fs::write(&file, [&*bytes, b"what a self-extractor unpacks"].concat()).expect("written");
    file
}

#[test]
fn data_behind_a_program_are_not_lost() {
    for name in [LINUX, DARWIN, "rust windows-amd64"] {
        let folder = scratch("strip-overlay");
        let file = with_overlay(name, &folder);
        let before = fs::read(&file).expect("read");
        for mode in MODES {
            let outcome = Outcome::of(tool("rgo-strip").arg(mode).arg(&file));
            outcome.ended(1).says(" is not supported: ").says(" bytes ");
            assert!(fs::read(&file).expect("read") == before, "{name} {mode}");
        }
    }
}

/// Where nothing goes, nothing moves: what lies behind the program is where it was.
#[test]
fn a_program_with_nothing_to_strip_keeps_what_is_behind_it() {
    let folder = scratch("strip-overlay-unchanged");
    let file = with_overlay(WINDOWS, &folder);
    let before = fs::read(&file).expect("read");
    for mode in MODES {
        Outcome::of(tool("rgo-strip").arg(mode).arg(&file)).ended(0);
        assert!(fs::read(&file).expect("read") == before, "{mode}");
    }
}

/// An Authenticode signature is its owner's to make again; asked to, it is taken away whole.
#[test]
fn a_certificate_is_kept_or_taken_away_whole() {
    if !(can("osslsigncode") && can("openssl")) {
        not_tested("PE with a certificate; there is no osslsigncode or no openssl");
        return;
    }
    let subject = one("rust windows-amd64").expect("made");
    let folder = subject.folder("certificate");
    let place = |name: &str| folder.place("signed", name);
    let (key, certificate, signed) = (place("key"), place("certificate"), place("sample.exe"));
    let mut openssl = native("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a"]);
    done(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate));
    let mut sign = native("osslsigncode");
    sign.arg("sign").arg("-certs").arg(&certificate).arg("-key").arg(&key);
    done(sign.arg("-in").arg(&subject.file).arg("-out").arg(&signed));

    let signed = crate::support::stripping::Subject { file: signed, ..subject.clone() };
    let refused = place("refused.exe");
    for mode in MODES {
        let outcome = signed.strip(&[mode], &refused).ended(1);
        outcome.says("signed by an identity (an Authenticode certificate)");
        assert!(!refused.exists(), "{mode}");
    }
    let results = sound_in_every_mode(&signed, &["--sign", "none"], &folder);
    same_behaviour(&signed, &results);
    for result in &results {
        let verify = Outcome::of(native("osslsigncode").arg("verify").arg(result));
        assert!(
            verify.stdout.contains("No signature found")
                || verify.stderr.contains("No signature found"),
            "{verify}"
        );
    }
}
