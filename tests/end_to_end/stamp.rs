//! `-X`: values that are written after the link, by the build or into a finished program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::support::{
    ALL, Outcome, Project, can, native, not_tested, run, sample, scratch, tool, write,
};

#[test]
fn a_new_value_compiles_and_links_nothing() {
    let project = Project::copy("sample");
    let build = |value: &str| {
        let value = format!("sample::VERSION={value}");
        project.build(["--target", "all", "--explain-rebuild", "-X", &value]).report()
    };
    build("1");
    let before = newest(&project.target);
    let report = build("2");
    assert_eq!(report.rebuilt(), Vec::<String>::new());
    assert_eq!(newest(&project.target), before, "no file that cargo made has changed");
    for toolchain in ALL {
        if let Some(ran) = run(toolchain, &report.artifact(toolchain, "sample").path(), &[]) {
            assert!(ran.ended(0).stdout.starts_with("sample 2 (unknown)"), "{toolchain}");
        }
    }
}

/// The youngest compiled or linked file: cargo keeps them in folders named `deps`.
fn newest(target: &Path) -> SystemTime {
    let files = walkdir::WalkDir::new(target).into_iter().flatten();
    let made = files.filter(|file| {
        file.file_type().is_file()
            && file.path().parent().is_some_and(|folder| folder.ends_with("deps"))
    });
    let times = made.map(|file| file.metadata().expect("there").modified().expect("a time"));
    times.max().expect("something was built")
}

#[test]
fn no_optimiser_folds_a_slot() {
    let project = Project::of("lto");
    for (stamp, expected) in [
        (&[][..], "lto dev\ndefault: true\nlength: 3\nstarts with d: true\n"),
        (
            &["-X", "lto::VERSION=20.1-rc"][..],
            "lto 20.1-rc\ndefault: false\nlength: 7\nstarts with d: false\n",
        ),
    ] {
        let args = ["--target", "all"].into_iter().chain(stamp.iter().copied());
        let report = project.build(args).report();
        for toolchain in ALL {
            let file = report.artifact(toolchain, "lto").path();
            let Some(ran) = run(toolchain, &file, &[]) else { continue };
            assert_eq!(ran.ended(0).stdout, expected, "{toolchain}");
        }
    }
}

#[test]
fn every_slot_of_a_name_is_written_and_counted() {
    let args = ["--target", "linux/amd64/static", "--bin", "samename", "-X", "samename::VERSION=9"];
    let report = Project::of("samename").build(args).report();
    let artifact = report.artifact("linux-amd64-static", "samename");
    let said = run("linux-amd64-static", &artifact.path(), &[]).expect("runs here").ended(0).stdout;
    assert_eq!(said, "program 9, library 9\n");
    assert_eq!(
        artifact.get("stamped"),
        &serde_json::json!([{"name": "samename::VERSION", "count": 2}])
    );
}

#[test]
fn templates_are_filled() {
    let project = Project::copy("sample");
    project.commit();
    project.git(&["tag", "v0.4.2"]);
    let revision = project.git(&["rev-parse", "HEAD"]);
    let version = "sample::VERSION={version} {git.tag} {date}";
    let stamps = ["-X", version, "-X", "sample::COMMIT={git.sha}"];
    let report =
        project.build(["--target", "linux/amd64/static"].into_iter().chain(stamps)).report();
    let file = report.artifact("linux-amd64-static", "sample").path();
    let said = run("linux-amd64-static", &file, &[]).expect("runs here").ended(0).stdout;
    let expected = format!("sample 0.4.2 v0.4.2 2023-11-14 ({})\n", revision.trim());
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn wrong_values_are_refused_before_anything_is_put_in_place() {
    let project = Project::copy("sample");
    let build = |stamp: &str| project.build(["--target", "linux/amd64/static", "-X", stamp]);
    build("sample::VERSIO=1").ended(1).says("sample::VERSION").says("sample::COMMIT");
    build(&format!("sample::COMMIT={}", "x".repeat(65)))
        .ended(1)
        .says("64")
        .says("static COMMIT: 65");
    build("sample::VERSION").ended(2).says("NAME=VALUE");
    assert!(!project.output.join("linux-amd64-static/sample").exists());
    build(&format!("sample::COMMIT={}", "x".repeat(64))).ended(0);
}

fn stamp(file: &Path, args: &[&str]) -> Outcome {
    Outcome::of(tool("rgo-build").arg("stamp").arg(file).args(args))
}

#[test]
fn a_finished_program_lists_its_slots() {
    for (toolchain, file) in copies("slots-listed") {
        let listed = stamp(&file, &["--format", "json"]).ended(0);
        let json: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
        let slots = json["values"].as_array().expect("a list");
        let found = slots.iter().find(|slot| slot["name"] == "sample::COMMIT").expect("a slot");
        assert_eq!((&found["value"], &found["capacity_bytes"]), (&"0123abcd".into(), &64.into()));
        assert!(slots.iter().any(|slot| slot["name"] == "sample::VERSION"), "{toolchain}");
    }
    let folder = scratch("no-slots");
    let file = folder.join("program");
    fs::copy(tool("rgo-build").get_program(), &file).expect("copied");
    assert!(stamp(&file, &[]).ended(0).stdout.contains("no slots"));
    let mut refused = stamp(&file, &["-X", "app::cli::VERSION=1"]).ended(1);
    for line in [
        "rgo-stamp = { git = \"https://github.com/rgo-tools/rgo\" }",
        "in the module `cli` of `app`: rgo_stamp::stamp! { pub static VERSION = \"dev\"; }",
        "take `--env VERSION=VALUE`",
    ] {
        refused = refused.says(line);
    }
}

#[test]
fn a_variable_takes_placeholders() {
    let project = Project::copy("env");
    let value = "RELEASE_CHANNEL={version}-{channel}";
    let report = project.build(["--target", "linux/amd64/static", "--env", value]).report();
    let file = report.artifact("linux-amd64-static", "env").path();
    let said = run("linux-amd64-static", &file, &[]).expect("runs here").ended(0).stdout;
    assert!(said.contains("0.1.0-{channel}"), "{said}");
}

fn copies(name: &str) -> Vec<(&'static str, PathBuf)> {
    let folder = scratch(name);
    let copy = |toolchain: &'static str| {
        let file = folder.join(toolchain);
        fs::copy(sample().artifact(toolchain, "sample").path(), &file).expect("copied");
        (toolchain, file)
    };
    ALL.into_iter().map(copy).collect()
}

#[test]
fn a_finished_program_takes_another_value() {
    for (toolchain, file) in copies("restamped") {
        let size = fs::metadata(&file).expect("there").len();
        for value in ["2.0.0-longer-than-before", "3"] {
            stamp(&file, &["-X", &format!("sample::VERSION={value}")]).ended(0);
            assert_eq!(fs::metadata(&file).expect("there").len(), size, "{toolchain}");
            if let Some(ran) = run(toolchain, &file, &[]) {
                let said = ran.ended(0).stdout;
                assert!(
                    said.starts_with(&format!("sample {value} (0123abcd)")),
                    "{toolchain}: {said}"
                );
            }
        }
    }
}

#[test]
fn a_finished_program_that_cannot_take_it_stays_as_it_is() {
    for (toolchain, file) in copies("not-restamped") {
        let before = fs::read(&file).expect("read");
        stamp(&file, &["-X", "sample::NOTHING=1"]).ended(1).says("sample::VERSION");
        let long = format!("sample::VERSION={}", "x".repeat(257));
        stamp(&file, &["-X", &long]).ended(1).says("256").says("hint: ").says("VERSION: 257");
        stamp(&file, &["-X", "sample::VERSION={foo}"]).ended(2).says("`{foo}` is no placeholder");
        stamp(&file, &["-X", "sample::VERSION"]).ended(2);
        assert_eq!(fs::read(&file).expect("read"), before, "{toolchain}");
    }
    let folder = scratch("not-a-program");
    let text = folder.join("text");
    fs::write(&text, "hello").expect("written");
    stamp(&text, &["-X", "a::B=1"]).ended(1).says("text");
    stamp(&folder.join("absent"), &["-X", "a::B=1"]).ended(1).says("absent");
}

/// A stamp voids the signature of an identity, which is its owner's to make again.
#[test]
fn a_program_signed_by_an_identity_is_stamped_if_that_is_asked_for() {
    if !(can("osslsigncode") && can("openssl")) {
        return not_tested("PE with a certificate; there is no osslsigncode or no openssl");
    }
    let folder = scratch("stamp-signed");
    let place = |name: &str| folder.join(name);
    let mut openssl = native("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a"]);
    openssl.arg("-keyout").arg(place("key")).arg("-out").arg(place("certificate"));
    Outcome::of(&mut openssl).ended(0);
    let mut sign = native("osslsigncode");
    sign.arg("sign").arg("-certs").arg(place("certificate")).arg("-key").arg(place("key"));
    let unsigned = sample().artifact("windows-amd64", "sample").path();
    Outcome::of(sign.arg("-in").arg(unsigned).arg("-out").arg(place("signed.exe"))).ended(0);

    let value = ["-X", "sample::VERSION=7"];
    let before = fs::read(place("signed.exe")).expect("read");
    stamp(&place("signed.exe"), &value).ended(1).says("--resign");
    assert!(fs::read(place("signed.exe")).expect("read") == before);
    stamp(&place("signed.exe"), &[&value[..], &["--resign"]].concat()).ended(0);
    let mut verify = native("osslsigncode");
    let verified = Outcome::of(verify.arg("verify").arg(place("signed.exe")));
    assert!(format!("{verified}").contains("No signature found"), "{verified}");
    if let Some(ran) = run("windows-amd64", &place("signed.exe"), &[]) {
        let said = ran.ended(0).stdout;
        assert!(said.starts_with("sample 7 "), "{said}");
    }
}

#[test]
fn a_copy_can_be_stamped_instead() {
    let (toolchain, file) = copies("stamped-copy").into_iter().next().expect("one");
    let before = fs::read(&file).expect("read");
    let other = file.with_file_name("other");
    let out = other.to_str().expect("UTF-8");
    stamp(&file, &["-X", "sample::VERSION=5", "-o", out]).ended(0);
    assert_eq!(fs::read(&file).expect("read"), before);
    let said = run(toolchain, &other, &[]).expect("the host's own").ended(0).stdout;
    assert!(said.starts_with("sample 5 "), "{said}");
}

#[test]
fn the_note_says_the_values_that_are_in_the_program() {
    let note = |file: &Path| Outcome::of(tool("rgo-version-m").arg(file)).ended(0).stdout;
    // Not those that only another program of the build has room for.
    let args = ["--target", "linux/amd64/static", "-X", "samename::VERSION=9"];
    let project = Project::copy("samename");
    write(&project.folder.join("src/bin/plain.rs"), "fn main() {}\n");
    let report = project.build(args).report();
    let path = |name| report.artifact("linux-amd64-static", name).path();
    assert!(note(&path("samename")).contains("build\t-X=samename::VERSION=9\n"));
    assert!(!note(&path("plain")).contains("-X="), "it has no such slot");
    // And what was stamped later takes the place of what was there.
    let file = path("samename");
    Outcome::of(
        tool("rgo-build").arg("stamp").arg(&file).args(["-X", "samename::VERSION=v{version}"]),
    )
    .ended(0);
    let said = note(&file);
    assert!(said.contains("build\t-X=samename::VERSION=v2.0.0\n"), "{said}");
    assert!(!said.contains("VERSION=9"), "{said}");
    assert_eq!(
        run("linux-amd64-static", &file, &[]).expect("runs here").ended(0).stdout,
        "program v2.0.0, library v2.0.0\n"
    );
    let tag = ["-X", "samename::VERSION={git.tag}"];
    Outcome::of(tool("rgo-build").arg("stamp").arg(&file).args(tag)).ended(1).says("{git.tag}");
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_is_stamped() {
    let (toolchain, file) = copies("stamped-link").into_iter().next().expect("one");
    let link = file.with_extension("link");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(&file, &link).expect("linked");
    stamp(&link, &["-X", "sample::VERSION=linked"]).ended(0);
    assert!(link.is_symlink());
    let said = run(toolchain, &file, &[]).expect("the host's own").ended(0).stdout;
    assert!(said.starts_with("sample linked "), "{said}");
}

#[test]
fn a_wrong_name_is_told_although_a_target_failed() {
    let project = Project::copy("windows-error");
    let args = ["--target", "linux/amd64/static,windows/amd64", "-X", "nowhere::VERSION=1"];
    let outcome = project.build(args).ended(1);
    outcome.says("nowhere::VERSION").says("windows-amd64");
    assert!(!project.output.join("linux-amd64-static").exists(), "nothing is in place");
}
