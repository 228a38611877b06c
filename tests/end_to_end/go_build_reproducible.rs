//! What go makes within `rgo-build` is what go makes without it, and the same from any folder and
//! cache.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::go_project::with_settings;
use crate::support::{GoProject, Outcome, Report, has_go, native, tool, write};

/// The variables of `rgo-build env`.
fn variables(project: &GoProject, target: &str, package: &str) -> BTreeMap<String, String> {
    let mut env = tool("rgo-build");
    env.args(["env", "--format", "json", "--target", target, "-C"]).arg(&project.folder);
    let said = Outcome::of(with_settings(env.arg(package))).ended(0).stdout;
    let answer: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    serde_json::from_value(answer["variables"].clone()).expect("texts")
}

/// `go build -trimpath`, as `rgo-build env` makes it.
fn plain_go(project: &GoProject, target: &str, package: &str, file: &Path) {
    let mut go: Command = native("go");
    with_settings(&mut go).args(["build", "-trimpath", "-buildvcs=false", "-o"]).arg(file);
    go.envs(variables(project, target, package)).arg(package).current_dir(&project.folder);
    Outcome::of(&mut go).ended(0);
}

#[test]
fn go_makes_what_plain_go_makes() {
    if !has_go("go's own output") {
        return;
    }
    let targets =
        ["linux/amd64", "linux/arm64/static", "darwin/arm64", "windows/amd64", "linux/riscv64"];
    for (module, package, targets) in
        [("go-app", "./cmd/server", &targets[..]), ("go-cgo", "./cmd/app", &targets[..4])]
    {
        let project = GoProject::copy(module);
        let args = [package, "--target", &targets.join(","), "--vcs", "off"];
        let report = project.build(args).report();
        for (target, toolchain) in targets.iter().zip(report.toolchains()) {
            assert_eq!(target.replace('/', "-"), toolchain);
            let name = report.all().find(|(of, _)| *of == toolchain).expect("built").1.path();
            let name = name.file_name().expect("a name").to_owned();
            let linked = project.linked().join(toolchain).join(&name);
            let file = project.output.join("plain").join(toolchain).join(&name);
            plain_go(&project, target, package, &file);
            same(&linked, &file, toolchain);
        }
    }
}

/// Moves the header into the package. A flag with `${SRCDIR}` names the folder in which the project
/// lies, and go makes its build ID of that too.
fn with_its_header(project: &GoProject) {
    let package = project.folder.join("cmd/app");
    fs::rename(project.folder.join("inc/limit.h"), package.join("limit.h")).expect("moves");
    let change = |file: &str, from: &str, to: &str| {
        let path = package.join(file);
        let text = fs::read_to_string(&path).expect("is there");
        assert!(text.contains(from), "{file}");
        fs::write(path, text.replace(from, to)).expect("writes");
    };
    change("main.go", "// #cgo CFLAGS: -I${SRCDIR}/../../inc\n", "");
    change("answer.c", "<limit.h>", "\"limit.h\"");
}

#[track_caller]
fn same(one: &Path, other: &Path, what: &str) {
    let [one, other] =
        [one, other].map(|file| fs::read(file).unwrap_or_else(|e| panic!("{file:?}: {e}")));
    let at = one.iter().zip(&other).position(|(a, b)| a != b);
    assert_eq!((one.len(), at), (other.len(), None), "{what}");
}

const REQUIRED: &str = "example.com/dep";

/// Puts a module with C into a folder that go takes for a proxy, and lets the project use it.
fn require_module(project: &GoProject, proxy: &Path) {
    let versions = proxy.join(REQUIRED).join("@v");
    let go_mod = format!("module {REQUIRED}\n\ngo 1.21\n");
    let source = "package dep\n\n// static int twice(int x) { return 2 * x; }\nimport \"C\"\n\n\
                  func Twice(x int) int { return int(C.twice(C.int(x))) }\n";
    write(&versions.join("v1.0.0.mod"), &go_mod);
    write(&versions.join("v1.0.0.info"), "{\"Version\": \"v1.0.0\"}");
    let mut zip = ZipWriter::new(fs::File::create(versions.join("v1.0.0.zip")).expect("made"));
    for (name, text) in [("go.mod", &*go_mod), ("dep.go", source)] {
        let name = format!("{REQUIRED}@v1.0.0/{name}");
        zip.start_file(name, SimpleFileOptions::default()).expect("begun");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("ended");

    let uses = format!(
        "package main\n\nimport \"{REQUIRED}\"\n\nfunc init() {{ println(dep.Twice(21)) }}\n"
    );
    write(&project.folder.join("cmd/app/uses.go"), &uses);
    let mut go = native("go");
    with_settings(&mut go).args(["get", &format!("{REQUIRED}@v1.0.0")]);
    let modules = proxy.join("modules");
    go.current_dir(&project.folder).envs(module_settings(proxy, &modules));
    Outcome::of(&mut go).ended(0);
}

/// The variables with which go takes modules from a folder, and keeps them in another.
fn module_settings(proxy: &Path, modules: &Path) -> [(&'static str, String); 4] {
    [
        ("GOPROXY", format!("file://{}", proxy.display())),
        ("GOSUMDB", "off".to_owned()),
        ("GOMODCACHE", modules.display().to_string()),
        // Else what go puts there cannot be removed.
        ("GOFLAGS", "-modcacherw".to_owned()),
    ]
}

/// Two folders, the second with other caches of Go that are empty.
#[test]
fn folders_and_caches_leave_no_trace() {
    if !has_go("the same bytes from any folder") {
        return;
    }
    let targets = "linux/amd64,linux/arm64/static,darwin/arm64,windows/amd64";
    for (module, package) in [("go-app", "./..."), ("go-cgo", "./cmd/app")] {
        let proxy = tempfile::tempdir().expect("a folder");
        let build = |project: &GoProject, caches: Option<&Path>| -> Report {
            let args = [package, "--target", targets, "--vcs", "off", "-X"];
            let value = if module == "go-cgo" {
                "main.version=1"
            } else {
                "example.com/app/about.Commit=1"
            };
            let mut command = project.command(args.into_iter().chain([value]));
            command.envs(caches.map(|caches| ("GOCACHE", caches.join("compiled"))));
            if module == "go-cgo" {
                let modules = caches.unwrap_or(proxy.path()).join("modules");
                command.envs(module_settings(proxy.path(), &modules));
            }
            Outcome::of(&mut command).report()
        };
        let [here, there] = [GoProject::copy(module), GoProject::copy(module)];
        if module == "go-cgo" {
            for project in [&here, &there] {
                with_its_header(project);
                require_module(project, proxy.path());
            }
        }
        let caches = tempfile::tempdir().expect("a folder");
        let (here, there) = (build(&here, None), build(&there, Some(caches.path())));
        let sums = |report: &Report| -> Vec<(String, String)> {
            report.all().map(|(it, a)| (it.to_owned(), a.get("sha256").to_string())).collect()
        };
        assert!(sums(&here).len() >= 4);
        assert_eq!(sums(&here), sums(&there), "{module}");
    }
}
