//! Builds that fail, and what else they leave alone. Refusals that need no build are cases in
//! `tests/cases`.

use std::fs;

use crate::support::{Outcome, Project, Report, SmallDisk, machine, run, tool, write};

#[test]
fn one_targets_compile_error_does_not_stop_the_others() {
    let project = Project::of("windows-error");
    let targets = "linux/amd64/static,windows/amd64,darwin/arm64";
    let outcome = project.build(["--target", targets]).ended(1);
    let outcome = outcome.says("mismatched types").says("windows-amd64");
    let report = Report::parse(&outcome.stdout);
    assert!(report.error("windows-amd64").is_some());
    for toolchain in ["linux-amd64-static", "darwin-arm64"] {
        assert_eq!(report.error(toolchain), None);
        assert!(report.artifact(toolchain, "windows-error").path().is_file());
    }
    assert!(!project.output.join("windows-amd64/windows-error.exe").exists());
}

/// Why it failed is in the report itself, with the next step.
#[test]
fn a_build_scripts_own_reason_is_in_the_report() {
    for (script, reason, hint) in [
        (
            "panic!(\"\\n\\nCould not find directory of OpenSSL installation\\n\\nmore\")",
            "Could not find directory of OpenSSL installation",
            "vendored",
        ),
        (
            "std::process::Command::new(\"no-such-program\").status().unwrap()",
            "No such file or directory",
            "runs a program",
        ),
        (
            "eprintln!(\"Error: Could not find `protoc`\"); std::process::exit(1)",
            "Could not find `protoc`",
            "PROTOC",
        ),
    ] {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("project");
        let manifest =
            "[package]\nname = \"fails\"\nversion = \"1.2.3\"\nedition = \"2021\"\n[workspace]\n";
        write(&folder.join("Cargo.toml"), manifest);
        write(&folder.join("src/main.rs"), "fn main() {}\n");
        write(&folder.join("build.rs"), &format!("fn main() {{ {script}; }}\n"));
        let project = Project::at(&folder, "unused")
            .with_output(&temp.path().join("target"), &temp.path().join("dist"));
        let outcome = project.build(["--target", "linux/amd64,windows/amd64"]).ended(1).says(hint);
        let report = Report::parse(&outcome.stdout);
        for toolchain in ["linux-amd64", "windows-amd64"] {
            let error = report.error(toolchain).expect("it failed");
            assert!(error.starts_with("the build script of fails v1.2.3 failed: "), "{error}");
            assert!(error.contains(reason) && !error.contains(hint), "{error}");
            let hints = report.hints(toolchain);
            assert!(hints.iter().any(|one| one.contains(hint)), "{hints:?}");
        }
    }
}

/// Each text is shown once, and one reason of several targets is one line.
#[test]
fn a_c_compilers_error_is_the_reason_of_all_targets() {
    let project = Project::copy("missing-header");
    write(&project.folder.join("c/poll.c"), "int a;\n#include <no/such.h>\n");
    let cause = "c/poll.c:2:10: fatal error: 'no/such.h' file not found";
    let targets = ["--target", "linux/amd64,windows/amd64", "--vcs", "off"];
    let outcome = project.build(targets).ended(1);
    let said = outcome.stderr.clone();
    let grouped = format!(
        "linux-amd64, windows-amd64: the build script of missing-header v0.1.0 failed: {cause}"
    );
    assert_eq!(said.matches(&grouped).count(), 1, "{said}");
    assert_eq!(said.matches("hint: the C header no/such.h is not there for").count(), 1, "{said}");
    let report = Report::parse(&outcome.stdout);
    for toolchain in ["linux-amd64", "windows-amd64"] {
        assert!(report.error(toolchain).is_some_and(|error| error.ends_with(cause)));
        assert_eq!(report.hints(toolchain).len(), 1);
    }
    let gated = ["-q", "--require", "stripped"];
    let quiet = project.build(targets.into_iter().chain(gated)).ended(1).stderr;
    assert!(quiet.contains(&grouped) && quiet.lines().count() == 2, "{quiet}");
}

#[test]
fn a_lockfile_that_is_out_of_date_is_an_error_when_locked() {
    let project = Project::copy("lto");
    let manifest = project.folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, text.replace("0.1.0", "0.1.1")).expect("written");
    let lock = fs::read(project.folder.join("Cargo.lock")).expect("a lockfile");
    project.build(["--locked"]).ended(1).says("--locked").says("hint:");
    assert_eq!(fs::read(project.folder.join("Cargo.lock")).expect("a lockfile"), lock);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let project = Project::copy("env");
    // A file where the folder should be: nobody, not even root, can write below it.
    write(&project.output, "in the way");
    let outcome = project.build([]).ended(1);
    outcome.says(project.output.to_str().expect("UTF-8"));
    assert_eq!(fs::read_to_string(&project.output).expect("still there"), "in the way");
}

#[test]
fn a_result_that_was_there_survives_a_failed_build() {
    let project = Project::copy("env");
    let report = project.build(["--target", "host"]).report();
    let (_, artifact) = report.all().next().expect("a program");
    let before = artifact.bytes();
    write(&project.folder.join("src/main.rs"), "fn main() { let x: u8 = \"\"; }\n");
    project.build(["--target", "host"]).ended(1).says("mismatched types");
    assert_eq!(artifact.bytes(), before);
}

#[test]
fn no_zig_and_offline_is_an_error_with_the_commands() {
    let project = Project::copy("env");
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = project.command(["--target", "linux/arm64/static", "--offline"]);
    let path = without_zig(empty.path());
    command.env("RGO_CACHE", empty.path().join("cache")).env_remove("RGO_ZIG").env("PATH", path);
    crate::support::Outcome::of(&mut command).ended(1).says("zig").says("offline").says("hint:");
}

/// A PATH with the compiler and nothing that is or finds a zig.
fn without_zig(folder: &std::path::Path) -> std::ffi::OsString {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("made");
    for name in ["cargo", "rustc", "git", "cc", "ld"] {
        let paths = std::env::var_os("PATH").expect("a PATH");
        let found = std::env::split_paths(&paths).map(|path| path.join(name)).find(|p| p.is_file());
        if let Some(found) = found {
            #[cfg(unix)]
            std::os::unix::fs::symlink(found, bin.join(name)).expect("linked");
            #[cfg(windows)]
            fs::copy(found, bin.join(name)).expect("copied");
        }
    }
    bin.into_os_string()
}

#[test]
#[cfg(unix)]
fn a_zig_that_is_too_old_is_an_error_with_a_hint() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::copy("env");
    let zig = project.folder.join("zig");
    fs::write(&zig, "#!/bin/sh\necho 0.9.1\n").expect("written");
    fs::set_permissions(&zig, fs::Permissions::from_mode(0o755)).expect("executable");
    let mut command = project.command(["--target", "linux/arm64/static"]);
    let outcome = crate::support::Outcome::of(command.env("RGO_ZIG", &zig));
    outcome.ended(1).says("0.9.1").says("hint:");
}

#[test]
#[cfg(unix)]
fn a_linker_that_crashes_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::copy("env");
    let (zig, real) = (
        project.folder.join("zig"),
        machine().cache().join(crate::end_to_end::private_sources::ZIG),
    );
    let real = real.display();
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *rcgu.o*) kill -SEGV $$;; esac\nexec '{real}' \"$@\"\n");
    fs::write(&zig, script).expect("written");
    fs::set_permissions(&zig, fs::Permissions::from_mode(0o755)).expect("executable");
    for target in ["darwin/arm64", "linux/arm64/static", "windows/amd64"] {
        let mut command = project.command(["--target", target, "--profile", "dev"]);
        let outcome = crate::support::Outcome::of(command.env("RGO_ZIG", &zig));
        outcome.ended(1).says("as it does when it crashes").says("RGO_ZIG names one");
    }
}

#[test]
#[cfg(unix)]
fn a_zig_on_path_that_is_too_old_is_passed_over() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::copy("env");
    let zig = project.folder.join("bin/zig");
    let answer = ".{\n .lib_dir = \"z\",\n .version = \"0.9.1\",\n}";
    write(&zig, &format!("#!/bin/sh\ncat <<'X'\n{answer}\nX\n"));
    fs::set_permissions(&zig, fs::Permissions::from_mode(0o755)).expect("executable");
    let paths = std::env::var_os("PATH").expect("a PATH");
    let own = zig.parent().expect("a folder").to_owned();
    let paths = std::iter::once(own).chain(std::env::split_paths(&paths));
    let mut command = project.command(["--target", "linux/arm64/static"]);
    command.env("PATH", std::env::join_paths(paths).expect("a PATH"));
    let report = crate::support::Outcome::of(&mut command).report();
    assert!(report.artifact("linux-arm64-static", "env").path().is_file());
}

#[test]
#[cfg(unix)]
fn a_standard_library_that_cannot_be_had_is_an_error_with_the_commands() {
    use std::os::unix::fs::PermissionsExt;
    // A compiler whose folder has nothing but what it needs to compile for the host: no source,
    // no foreign library, and no rustup to ask.
    let project = Project::copy("env");
    let wrapper = project.folder.join("bin");
    let sysroot = project.folder.join("sysroot");
    fs::create_dir_all(sysroot.join("lib/rustlib")).expect("made");
    let cargo = machine().var("RGO_CARGO").unwrap_or_else(|| env!("CARGO").to_owned());
    let rustc = std::path::Path::new(&cargo).with_file_name("rustc");
    let script = |text: String, name: &str| {
        let file = wrapper.join(name);
        write(&file, &text);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("executable");
    };
    let real = rustc.display();
    script(format!("#!/bin/sh\nexec {cargo} \"$@\"\n"), "cargo");
    let show = format!("*sysroot*) [ \"$#\" -le 2 ] && echo {} && exit;;", sysroot.display());
    script(format!("#!/bin/sh\ncase \"$*\" in {show} esac\nexec {real} \"$@\"\n"), "rustc");
    let mut command = project.command(["--target", "windows/arm64"]);
    command.env("RGO_CARGO", wrapper.join("cargo")).env("RUSTC", wrapper.join("rustc"));
    let outcome = Outcome::of(&mut command).ended(1);
    let outcome = outcome.says("aarch64-pc-windows-gnullvm").says("apt-get install rust-src");
    // Another compiler than rustup's gets nothing of rustup.
    outcome.says("does not belong to rustup").says_nothing_of("rustup target add");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_nothing_half_written() {
    let project = Project::copy("env");
    let report = project.build(["--target", "host"]).report();
    let (toolchain, artifact) = report.all().next().expect("a program");
    let before = artifact.bytes();

    let Some(disk) = SmallDisk::mount(before.len() * 3 / 2) else { return };

    // There is room for the result once, and not for a second one beside it.
    let output = disk.path().join("dist");
    let on_disk = |args: &[&str]| {
        let mut other = Project::at(&project.folder, "full-disk");
        other.output = output.clone();
        let mut command = other.command(args.iter().copied());
        crate::support::Outcome::of(command.env("CARGO_TARGET_DIR", &project.target))
    };
    let first = on_disk(&["--target", "host"]).report();
    let placed = first.artifact(toolchain, "env");
    assert_eq!(placed.bytes(), before);
    let failed = on_disk(&["--target", "host", "--env", "RELEASE_CHANNEL=beta"]).ended(1);
    failed.says("No space left").says("env");
    assert_eq!(placed.bytes(), before, "what was there is there");
    let folder = placed.path().parent().expect("a folder").to_owned();
    let files: Vec<_> =
        fs::read_dir(folder).expect("a folder").flatten().map(|f| f.file_name()).collect();
    assert_eq!(files, ["env"], "nothing half-written stays");
    let said = run(toolchain, &placed.path(), &[]).expect("the host's own").ended(0).stdout;
    assert_eq!(said, "channel: none\n");
}

#[test]
fn a_failure_wins_over_what_does_not_hold() {
    let project = Project::copy("foreign-dlls");
    let args = ["--target", "windows/amd64", "--vcs", "off"];
    project.build(args).ended(3).says("vcruntime140.dll");
    write(&project.folder.join("src/bin/broken.rs"), "fn main() { let _: u8 = \"\"; }\n");
    for quiet in [&[][..], &["-q"]] {
        let both = project.build(args.into_iter().chain(quiet.iter().copied())).ended(1);
        both.says("vcruntime140.dll").says("mismatched types");
    }
}

#[test]
fn a_library_that_no_user_has_is_an_error_and_an_unknown_one_a_warning() {
    let project = Project::of("foreign-dlls");
    let built = |program, quiet: &[&str]| {
        let args = ["--target", "windows/amd64", "--vcs", "off", "--bin", program];
        project.build(args.into_iter().chain(quiet.iter().copied()))
    };
    for quiet in [&[][..], &["-q"]] {
        let outcome = built("runtime", quiet).ended(3).says("vcruntime140.dll");
        let report = Report::parse(&outcome.stdout);
        let artifact = report.artifact("windows-amd64", "runtime");
        assert!(artifact.path().is_file(), "whoever wants it all the same has it");
        assert_eq!(artifact.get("findings")[0]["level"], "error");
    }
    let report = built("unknown", &[]).says("acme.dll").report();
    let artifact = report.artifact("windows-amd64", "unknown");
    assert_eq!(artifact.get("findings")[0]["level"], "warning");
    built("unknown", &["-q"]).ended(0).says_nothing_of("acme.dll");
}

#[test]
fn a_failed_build_leaves_no_folders() {
    let project = Project::copy("env");
    write(&project.folder.join("src/main.rs"), "fn main() { let x: u8 = \"\"; }\n");
    project.build(["--target", "linux/amd64,windows/amd64"]).ended(1);
    assert!(!project.output.exists());
}

#[test]
#[cfg(not(windows))]
fn a_target_that_nothing_here_can_link_for_fails_before_anything_is_compiled() {
    let project = Project::copy("env");
    let failed = project.build(["--target", "windows/amd64/msvc"]).ended(1);
    let failed = failed.says("windows-amd64-msvc: Microsoft's linker runs on Windows alone");
    let failed = failed.says("hint: build on Windows, or for windows/amd64");
    failed.says("cargo xwin build --release").says_nothing_of("Compiling");
    assert!(!project.target.join("x86_64-pc-windows-msvc").exists());
    // What can be built is.
    let both = project.build(["--target", "windows/amd64/msvc,linux/amd64/static"]).ended(1);
    let report = Report::parse(&both.stdout);
    assert!(report.artifact("linux-amd64-static", "env").path().is_file());
}

/// The same machine with the oldest of its wines: doctor looks where wine looks.
#[test]
#[cfg(target_os = "linux")]
fn doctor_sees_what_a_wine_lacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    let own = folder.path().join("lib/wine/x86_64-windows");
    write(&bin.join("wine64"), "#!/bin/sh\n");
    write(&own.join("kernel32.dll"), "");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("wine64"), mode).expect("a file");
    let runner = || {
        let mut doctor = tool("rgo-build");
        doctor.args(["doctor", "--target", "windows/amd64", "--format", "json"]);
        let path = std::env::var("PATH").expect("a PATH");
        doctor.env("PATH", format!("{}:{path}", bin.display())).env("WINEPREFIX", folder.path());
        let report: serde_json::Value =
            serde_json::from_str(&Outcome::of(&mut doctor).ended(0).stdout).expect("JSON");
        let findings = report["toolchains"][0]["findings"].as_array().expect("a list").clone();
        findings.into_iter().find(|finding| finding["what"] == "runner").expect("a runner")
    };
    let found = runner();
    assert_eq!(found["state"], "optional", "{found}");
    assert!(found["detail"].as_str().is_some_and(|d| d.contains("no bcryptprimitives.dll")));
    write(&folder.path().join("drive_c/windows/system32/bcryptprimitives.dll"), "");
    assert_eq!(runner()["state"], "ok");
}
