//! Programs with code in other languages: C through `cc`, C++ through cmake, a configure script.
//! And what is said when a header, a library or a function is not there.

use crate::support::{ALL, Outcome, Project, can, machine, not_tested, ripgrep, run, write};

#[test]
fn c_code_is_compiled_for_each_target() {
    let report = Project::of("with-c").build(["--target", "all"]).report();
    for toolchain in ALL {
        let file = report.artifact(toolchain, "with-c").path();
        if let Some(ran) = run(toolchain, &file, &[]) {
            assert_eq!(ran.ended(0).stdout, "Square root 1.414 (11 letters)\n", "{toolchain}");
        }
    }
}

#[test]
fn c_code_that_asks_for_the_date_is_not_told_todays() {
    let project = Project::copy("with-c");
    let source = project.folder.join("c/words.c");
    let text = std::fs::read_to_string(&source).expect("a source");
    write(&source, &text.replace("\"square root\"", "__DATE__"));
    for (epoch, date) in [("", "Jan  1 1970"), ("1700000000", "Nov 14 2023")] {
        let mut command = project.command(["--target", "linux/amd64/static"]);
        let report = Outcome::of(command.env("SOURCE_DATE_EPOCH", epoch)).report();
        let file = report.artifact("linux-amd64-static", "with-c").path();
        let said = run("linux-amd64-static", &file, &[]).expect("runs here").ended(0).stdout;
        assert!(said.starts_with(date), "{said}");
    }
}

#[test]
fn cxx_code_is_built_by_cmake() {
    let targets = "linux/amd64,linux/amd64/static,linux/arm64,darwin/arm64,windows/amd64";
    let report = Project::of("with-cmake").build(["--target", targets]).report();
    for toolchain in report.toolchains() {
        let artifact = report.artifact(toolchain, "with-cmake");
        assert_eq!(artifact.get("findings").as_array().map(Vec::len), Some(0), "{artifact:?}");
        if let Some(ran) = run(toolchain, &artifact.path(), &[]) {
            assert_eq!(ran.ended(0).stdout, "three: 3, four: -1\n", "{toolchain}");
        }
    }
}

/// cmake keeps its compiler, and would start over for the host.
#[test]
#[cfg(unix)]
fn a_target_folder_of_another_compiler_is_configured_anew() {
    let project = Project::copy("with-cmake-c");
    let targets = ["--target", "linux/amd64/static,darwin/arm64,windows/amd64"];
    let zig = machine().cache().join(crate::end_to_end::private_sources::ZIG);
    let other = project.folder.join("another place");
    let zig_folder = zig.parent().expect("a folder");
    std::os::unix::fs::symlink(zig_folder, &other).expect("linked");
    let build = |zig: &std::path::Path| {
        let mut build = project.command(targets);
        let report = Outcome::of(build.env("RGO_ZIG", zig)).report();
        report.all().map(|(_, artifact)| artifact.bytes()).collect::<Vec<_>>()
    };
    let before = build(&zig);
    assert!(build(&other.join("zig")) == before);
    assert!(build(&zig) == before);
}

/// ripgrep takes jemalloc where it is linked with musl, and jemalloc's configure runs six hundred programs.
/// For arm64 neither the processor nor the C library is this machine's, so that nothing of the host passes.
#[test]
fn a_configure_script_is_told_what_it_builds_for() {
    for toolchain in ["linux-amd64-static", "linux-arm64-static"] {
        let file = ripgrep().artifact(toolchain, "rg").path();
        let bytes = std::fs::read(&file).expect("read");
        assert!(memchr::memmem::find(&bytes, b"<jemalloc>: ").is_some(), "{toolchain}");
        if let Some(ran) = run(toolchain, &file, &["--files", "testdata/with-c/src"]) {
            assert_eq!(ran.ended(0).stdout, "testdata/with-c/src/main.rs\n", "{toolchain}");
        }
    }
}

/// A build script that asks its compiler what configure, cmake, meson and the crate `cc` ask, and
/// fails where an answer does not come, or comes with a complaint. The answers go into `OUT_DIR`.
const ASKING: &str = r#"
use std::process::Command;
fn main() {
    let target = std::env::var("TARGET").unwrap().replace('-', "_");
    let compiler = std::env::var(format!("CC_{target}")).unwrap();
    let mut answers = String::new();
    for line in std::fs::read_to_string("questions").unwrap().lines() {
        let output = Command::new(&compiler).args(line.split(' ')).output().unwrap();
        let (said, words) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{line}: {words}");
        assert!(!words.contains("error:"), "{line}: {words}");
        answers += &format!("{line} -> {}\n", said.lines().next().unwrap_or_default());
    }
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/answers"), answers).unwrap();
    let libgcc = Command::new(&compiler).arg("-print-libgcc-file-name").output().unwrap();
    let libgcc = String::from_utf8(libgcc.stdout).unwrap();
    std::fs::write(format!("{out}/a.c"), "int main(void) { return 0; }").unwrap();
    let linked = Command::new(&compiler).args([&format!("{out}/a.c"), libgcc.trim(), "-o"]).arg(format!("{out}/a")).status();
    assert!(linked.unwrap().success());
}
"#;

#[test]
fn the_compiler_answers_questions_for_the_target_and_not_for_the_host() {
    let project = Project::copy("env");
    write(&project.folder.join("build.rs"), ASKING);
    let questions = [
        "-dumpmachine",
        "-dumpversion",
        "-dumpfullversion -dumpversion",
        "--version",
        "-v",
        "-print-multiarch",
        "-print-sysroot",
        "-print-multi-os-directory",
        "-print-search-dirs",
        "-print-file-name=libc.a",
        "-print-file-name=crt1.o",
        "-print-prog-name=ld",
        "--print-prog-name=ar",
        "-print-libgcc-file-name",
        "-print-resource-dir",
        "-Wl,--version",
        "-E -dM -x c /dev/null",
        "-E -v -x c /dev/null",
    ];
    write(&project.folder.join("questions"), &questions.join("\n"));
    let machines = [
        ("linux-amd64", "x86_64-unknown-linux-gnu"),
        ("linux-amd64-static", "x86_64-unknown-linux-musl"),
        ("darwin-arm64", "aarch64-apple-darwin"),
        ("windows-amd64", "x86_64-w64-windows-gnu"),
    ];
    let targets = machines.map(|(toolchain, _)| toolchain).join(",");
    project.build(["--target", &targets]).ended(0).says_nothing_of("zig: error");
    for (toolchain, machine) in machines {
        let triple =
            rgo_toolchain::toolchain::by_name(toolchain).expect("a toolchain").triple.as_str();
        let made = project.target.join(triple).join("release/build");
        let mut folders = std::fs::read_dir(&made).expect("a folder").flatten();
        let answers = folders
            .find_map(|folder| std::fs::read_to_string(folder.path().join("out/answers")).ok())
            .expect("answers");
        let answer = |question: &str| {
            let line =
                answers.lines().find_map(|line| line.strip_prefix(&format!("{question} -> ")));
            line.unwrap_or_else(|| panic!("{question}: {answers}")).to_owned()
        };
        assert_eq!(answer("-dumpmachine"), machine);
        assert_eq!(answer("-print-file-name=libc.a"), "libc.a", "the host's is not meant");
        assert_eq!(answer("-print-file-name=crt1.o"), "crt1.o");
        assert_eq!(answer("-print-prog-name=ld"), "ld");
        assert_eq!(answer("-print-multiarch"), "");
        assert!(answer("--version").starts_with("clang version"), "{answers}");
        assert!(!answers.contains("-gnu.2."), "{answers}");
        for question in ["--print-prog-name=ar", "-print-libgcc-file-name", "-print-resource-dir"] {
            let path = answer(question);
            assert!(std::path::Path::new(&path).exists(), "{question}: {path}");
        }
    }
}

#[test]
fn headers_are_read_for_the_target() {
    let project = Project::of("with-bindgen").unoptimized();
    let mut command = project.command(["--target", "all"]);
    let report = Outcome::of(command.env("LIBCLANG_PATH", machine().must("RGO_TEST_LIBCLANG")));
    let report = report.report();
    project.forget_on_ci();
    for toolchain in ALL {
        let file = report.artifact(toolchain, "with-bindgen").path();
        if let Some(ran) = run(toolchain, &file, &[]) {
            let windows = toolchain.starts_with("windows");
            let expected = if windows {
                "4 longs of 4, letters of 2\n"
            } else {
                "8 longs of 8, letters of 4\n"
            };
            assert_eq!(ran.ended(0).stdout, expected, "{toolchain}");
        }
    }
}

#[test]
fn pkg_config_finds_what_is_for_the_target_and_nothing_of_the_host() {
    if !can("pkg-config") {
        not_tested("pkg-config is not there");
        return;
    }
    let project = Project::copy("with-pkg-config");
    let [host, target] = ["host", "target"].map(|name| project.folder.join(name));
    for (folder, version) in [(&host, "1.0"), (&target, "2.0")] {
        let include = folder.join("include");
        let text = format!(
            "Name: acme\nDescription: x\nVersion: {version}\nCflags: -I{}\n",
            include.display()
        );
        write(&folder.join("acme.pc"), &text);
    }
    let said = |toolchain: &str, variables: &[(&str, &std::path::Path)]| {
        let mut command = project.command(["--target", toolchain, "-a"]);
        let report = Outcome::of(command.envs(variables.iter().copied())).report();
        let file = report.artifact(toolchain, "with-pkg-config").path();
        run(toolchain, &file, &[]).map(|ran| ran.ended(0).stdout)
    };
    for toolchain in ["linux-amd64", "linux-arm64-static"] {
        if let Some(said) = said(toolchain, &[("PKG_CONFIG_LIBDIR", &host)]) {
            assert_eq!(said, "acme: not there\n", "{toolchain}");
        }
    }
    let of_target = ("PKG_CONFIG_LIBDIR_aarch64_unknown_linux_musl", target.as_path());
    if let Some(said) = said("linux-arm64-static", &[of_target]) {
        let include = target.join("include");
        assert_eq!(said, format!("acme: 2.0 in [{include:?}]\n"));
    }
}

#[test]
fn host_code_runs_on_the_host() {
    let project = Project::of("macro");
    let report = project.build(["--target", "linux/arm64/static,windows/amd64"]).report();
    let host = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    for (toolchain, triple, target) in [
        ("linux-arm64-static", "aarch64-unknown-linux-musl", "linux/aarch64"),
        ("windows-amd64", "x86_64-pc-windows-gnullvm", "windows/x86_64"),
    ] {
        let file = report.artifact(toolchain, "app").path();
        let Some(ran) = run(toolchain, &file, &[]) else { continue };
        let expected = format!("macro on {host}, script on {host}, for {triple}, on {target}\n");
        assert_eq!(ran.ended(0).stdout, expected);
    }
}

#[test]
fn a_missing_header_names_the_target_and_the_header() {
    let project = Project::of("missing-header");
    let outcome = project.build(["--target", "linux/amd64,windows/amd64"]);
    let outcome =
        outcome.ended(1).says("windows-amd64").says("sys/epoll.h").says("#ifdef __linux__");
    let report = crate::support::Report::parse(&outcome.stdout);
    assert!(report.error("windows-amd64").is_some());
    assert_eq!(report.error("linux-amd64"), None, "the other target is built");
    let file = report.artifact("linux-amd64", "missing-header").path();
    if let Some(ran) = run("linux-amd64", &file, &[]) {
        assert_eq!(ran.ended(0).stdout, "descriptor: true\n");
    }
}

/// zig has no OpenMP; nothing serial takes its place.
#[test]
fn openmp_fails_by_name_with_what_helps() {
    let project = Project::copy("missing-header");
    let script = project.folder.join("build.rs");
    let text = std::fs::read_to_string(&script).expect("a script");
    write(&script, &text.replace(".file(", ".flag(\"-fopenmp\").file("));
    let targets = "linux/amd64,linux/arm64/static,darwin/arm64,windows/amd64,windows/arm64";
    for code in [
        "#include <omp.h>\nint poller(void) { return omp_get_max_threads(); }\n",
        "void out(int);\nint poller(void) {\n  int sum = 0;\n#pragma omp parallel for reduction(+:sum)\n  \
         for (int i = 0; i < 9; i++) sum += i;\n  return sum;\n}\n",
    ] {
        write(&project.folder.join("c/poll.c"), code);
        let outcome = project.build(["--target", targets]).ended(1);
        let report = crate::support::Report::parse(&outcome.stdout);
        for toolchain in report.toolchains() {
            let said = report.error(toolchain).unwrap_or_else(|| panic!("{toolchain}: {outcome}"));
            assert!(!said.is_empty(), "{toolchain}");
        }
        assert_eq!(report.all().count(), 0, "{outcome}");
        outcome.says("this is OpenMP").says("rayon");
    }
}

/// zig has no Fortran, and the host's compiler would make code for the host: cmake does not find it.
#[test]
#[cfg(unix)]
fn fortran_fails_by_name_and_the_hosts_compiler_is_not_taken() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::copy("with-cmake");
    let bin = project.folder.join("bin");
    for name in ["gfortran", "f95", "flang"] {
        write(&bin.join(name), "#!/bin/sh\necho THE HOSTS >&2\nexit 1\n");
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(bin.join(name), all).expect("runnable");
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a PATH"));
    let lists = project.folder.join("cxx/CMakeLists.txt");
    let text = std::fs::read_to_string(&lists).expect("a project");
    write(&lists, &text.replace("project(count CXX)", "project(count C Fortran)"));
    for target in ["linux/amd64", "windows/arm64"] {
        let mut build = project.command(["--target", target]);
        let outcome = Outcome::of(build.env("PATH", &path)).ended(1);
        outcome.says("this is Fortran").says("FC_<target>").says_nothing_of("THE HOSTS");
    }
}

#[test]
fn a_failed_link_shows_the_linkers_words_and_a_next_step() {
    let project = Project::of("link-errors");
    for (feature, target, words) in [
        ("library", "linux/amd64/static", ["nosuchlibrary", "hint:"]),
        ("symbol", "linux/amd64", ["__isoc23_strtol", "--glibc"]),
        ("framework", "darwin/arm64", ["NoSuchKit", "SDKROOT"]),
    ] {
        let mut outcome = project.build(["--target", target, "--features", feature]).ended(1);
        outcome = outcome.says(&target.replace('/', "-"));
        for words in words {
            outcome = outcome.says(words);
        }
    }
}
