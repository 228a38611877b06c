//! `-X` for Go modules: checked in the source before the build, written after the link, and again
//! into the finished program.

use std::fs;
use std::path::{Path, PathBuf};

use crate::end_to_end::go_build_cgo::sound;
use crate::support::{ALL, GoProject, Outcome, Report, build_info, has_go, run, tool};

const COMMIT: &str = "example.com/app/about.Commit";

/// The files that go linked, with what tells whether they were linked again: go gives a new file the
/// name of the old one, and touches a file that it leaves.
#[cfg(unix)]
fn linked(folder: &Path) -> Vec<(PathBuf, u64)> {
    use std::os::unix::fs::MetadataExt;
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let programs = files.filter(|file| file.path().file_stem().is_some_and(|it| it == "server"));
    let number = |file: walkdir::DirEntry| {
        let number = file.metadata().expect("there").ino();
        (file.into_path(), number)
    };
    programs.map(number).collect()
}

/// A program through which go runs its tools. It writes a line for each that compiles or links.
#[cfg(unix)]
fn listing_tools(folder: &Path) -> (String, PathBuf) {
    let (program, list) = (folder.join("list-tools"), folder.join("tools"));
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *-V=full*) ;; *) echo \"$1\" >>{} ;; esac\nexec \"$@\"\n",
        list.display()
    );
    fs::write(&program, text).expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).expect("set");
    (format!("--go-flag=-toolexec={}", program.display()), list)
}

#[test]
#[cfg(unix)]
fn another_value_compiles_and_links_nothing() {
    if !has_go("values in Go programs") {
        return;
    }
    let project = GoProject::copy("go-app");
    let (flag, list) = listing_tools(project.folder.parent().expect("a folder"));
    let build = |value: &str| {
        let value = format!("main.version={value}");
        let args = ["./cmd/server", "--target", "all", "--explain-rebuild", "--vcs", "off", &flag];
        project.build(args.into_iter().chain(["-X", &value])).report()
    };
    assert_ne!(build("1").rebuilt(), Vec::<String>::new());
    let before = linked(&project.linked());
    assert_eq!(before.len(), ALL.len());
    let tools = fs::read_to_string(&list).expect("go ran its tools");
    assert!(tools.lines().filter(|tool| tool.ends_with("/link")).count() > 0, "{tools}");
    fs::remove_file(&list).expect("removed");
    let report = build("2.0.0-rc.1");
    assert_eq!(report.rebuilt(), Vec::<String>::new());
    assert_eq!(linked(&project.linked()), before, "nothing was linked");
    assert!(!list.exists(), "no tool ran: {:?}", fs::read_to_string(&list));
    for toolchain in ALL {
        if let Some(ran) = run(toolchain, &report.artifact(toolchain, "server").path(), &[]) {
            assert_eq!(ran.ended(0).stdout, "server 2.0.0-rc.1  10 APP 80\n", "{toolchain}");
        }
    }
}

/// Writes other values into finished programs, whose bytes then are those of a build with them.
#[test]
fn finished_programs_take_other_values() {
    if !has_go("stamping Go programs") {
        return;
    }
    let targets = "linux/amd64,linux/arm64,windows/amd64,darwin/amd64,darwin/arm64";
    for flags in [&[][..], &["--strip", "all"], &["--buildmode", "pie"]] {
        let project = GoProject::copy("go-app");
        let args = ["./cmd/server", "--target", targets, "--vcs", "off"];
        let values = ["-X", "main.version=1.2.3", "-X", "example.com/app/about.Commit=0123abcd"];
        let args = args.into_iter().chain(values).chain(flags.iter().copied());
        let report = project.build(args).report();
        let mut files = Vec::new();
        for (toolchain, artifact) in report.all() {
            let file = artifact.path();
            let before = build_info(&file);
            let mut stamp = tool("rgo-build");
            stamp.arg("stamp").arg(&file).args(["-X", "main.version=a b \"c\" ü"]);
            Outcome::of(&mut stamp).ended(0);
            assert_eq!(build_info(&file), before, "{toolchain} {flags:?}");
            let mut facts = tool("rgo-version-m");
            let said = Outcome::of(facts.arg("--facts").arg(&file)).ended(0).stdout;
            let slots = format!("\tfact\tslots\t{COMMIT}, main.version; -X writes them after");
            assert!(said.contains(&slots), "{toolchain} {flags:?}: {said}");
            let expected = format!("\tbuild\t-X={COMMIT}=0123abcd\n");
            assert!(said.contains(&expected), "{toolchain} {flags:?}: {said}");
            assert!(said.contains("a b"), "{toolchain} {flags:?}: {said}");
            if let Some(ran) = run(toolchain, &file, &[]) {
                let said = ran.ended(0).stdout;
                assert_eq!(
                    said, "server a b \"c\" ü 0123abcd 10 APP 80\n",
                    "{toolchain} {flags:?}"
                );
            }
            files.push(file);
        }
        sound(&files.iter().map(|file| &**file).collect::<Vec<_>>());
    }
}

#[test]
fn names_that_cannot_be_set_are_refused_before_the_build() {
    if !has_go("names of -X") {
        return;
    }
    let project = GoProject::of("go-app", "app-names");
    for (name, words) in [
        ("example.com/app/about.Name", "constant"),
        ("example.com/app/about.Loud", "strings.ToUpper"),
        ("example.com/app/about.Port", "int"),
        ("example.com/app/abut.Commit", "did you mean -X example.com/app/about.Commit=VALUE?"),
        ("example.com/app/about.Comit", "Commit"),
        ("example.com/app/cmd/server.version", "-X main.version=VALUE"),
        ("version", "-X main.version=VALUE"),
        ("main.main", "function"),
        ("main.nothing", "version"),
    ] {
        let value = format!("{name}=1");
        let outcome = project.build(["./cmd/server", "--target", "linux/amd64", "-X", &value]);
        outcome.ended(1).says(&format!("-X {name}: ")).says(words).says("hint: ");
    }
    assert!(!project.output.exists(), "nothing is made");
}

#[test]
fn a_variable_that_no_code_reads_is_an_error() {
    if !has_go("a variable without readers") {
        return;
    }
    let project = GoProject::copy("go-app");
    let value = ["-X", "example.com/app/about.Unread=1"];
    let args = ["./cmd/server", "--target", "linux/amd64", "--vcs", "off"];
    let outcome = project.build(args.into_iter().chain(value)).ended(1);
    outcome.says("about.Unread").says("no program reads this variable").says("hint: ");
}

/// Go's record then shows the flag, which must not be the placeholder.
#[test]
fn without_trimpath_the_value_itself_is_linked_in() {
    if !has_go("-X beside --no-trimpath") {
        return;
    }
    let project = GoProject::copy("go-app");
    let args = ["./cmd/server", "--target", "linux/amd64", "--no-trimpath", "--vcs", "off"];
    let report = project.build(args.into_iter().chain(["-X", "main.version=1.2.3"])).report();
    let file = report.artifact("linux-amd64", "server").path();
    let said = build_info(&file);
    assert!(said.contains("-X main.version=1.2.3"), "{said}");
    if let Some(ran) = run("linux-amd64", &file, &[]) {
        assert!(ran.ended(0).stdout.starts_with("server 1.2.3 "));
    }
}

/// Each target has its own variables: a name that one of them lacks is no error.
#[test]
fn a_variable_of_one_system_is_set_there() {
    if !has_go("variables of one system") {
        return;
    }
    let project = GoProject::copy("go-app");
    let file = "package main\n\nimport \"fmt\"\n\nvar edition = \"none\"\n\nfunc init() { fmt.Println(edition) }\n";
    fs::write(project.folder.join("cmd/server/edition_linux.go"), file).expect("written");
    let args = ["./cmd/server", "--target", "linux/amd64,windows/amd64", "--vcs", "off"];
    let report: Report = project.build(args.into_iter().chain(["-X", "main.edition=7"])).report();
    if let Some(ran) = run("linux-amd64", &report.artifact("linux-amd64", "server").path(), &[]) {
        assert_eq!(ran.ended(0).stdout, "7\nserver dev  3 APP 80\n");
    }
}

/// rgo remembers what go said of the packages, until a file or folder of the project is another.
#[test]
#[cfg(unix)]
fn a_change_is_noticed_though_go_was_asked_before() {
    if !has_go("changes of Go packages") {
        return;
    }
    let project = GoProject::copy("go-app");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for entry in walkdir::WalkDir::new(&project.folder) {
        let file = fs::File::open(entry.expect("an entry").path()).expect("opened");
        file.set_modified(old).expect("set");
    }
    let args = ["./cmd/server", "--target", "linux/amd64", "--vcs", "off"];
    let value = |value| ["-X", value];
    project.build(args.into_iter().chain(value("main.version=1"))).report();
    let lists = project.linked().join("lists");
    assert_eq!(fs::read_dir(&lists).expect("a folder").count(), 1, "the answer is kept");
    project.build(args.into_iter().chain(value("main.version=2"))).report();
    let unknown = project.build(args.into_iter().chain(value("main.edition=1")));
    unknown.ended(1).says("main.edition");
    let file = "package main\n\nimport \"fmt\"\n\nvar edition = \"none\"\n\nfunc init() { fmt.Println(edition) }\n";
    fs::write(project.folder.join("cmd/server/edition.go"), file).expect("written");
    let report = project.build(args.into_iter().chain(value("main.edition=1"))).report();
    if let Some(ran) = run("linux-amd64", &report.artifact("linux-amd64", "server").path(), &[]) {
        assert_eq!(ran.ended(0).stdout, "1\nserver dev  3 APP 80\n");
    }
    fs::remove_file(project.folder.join("cmd/server/edition.go")).expect("removed");
    let gone = project.build(args.into_iter().chain(value("main.edition=1")));
    gone.ended(1).says("main.edition");
}
