//! Extensions for Python and Node: built for six platforms, and loaded by Python and Node where they
//! run: those of this machine, and those for Windows on Wine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{
    Outcome, Project, Report, can, cannot_test, machine, native, not_tested, readobj, runs_here,
    scratch, tool, write,
};

mod packages;

/// Where a library can be loaded: all but the static ones.
const SIX: [&str; 6] = [
    "linux-amd64",
    "linux-arm64",
    "darwin-amd64",
    "darwin-arm64",
    "windows-amd64",
    "windows-arm64",
];
/// What both Python modules do.
const ASK_PYTHON: &str = "import rgo_sample; print(rgo_sample.twice(21))";

/// The library that a report has of a toolchain.
fn library(report: &Report, toolchain: &str) -> PathBuf {
    let name = if toolchain.starts_with("windows") { "rgo_sample.dll" } else { "librgo_sample." };
    report.artifact(toolchain, name).path()
}

/// One of the projects, with an output folder of its own: several tests build the same one.
fn project(name: &str, variant: &str) -> Project {
    let project = Project::of(name).unoptimized();
    let (target, output) = (project.target.clone(), project.output.join(variant));
    project.with_output(&target, &output)
}

/// A name for a built file that no other one has: `python-extension-dist-stable-linux-amd64`.
fn label(file: &Path) -> String {
    let words: Vec<_> = file.components().rev().skip(1).take(4).collect();
    let words = words.iter().rev().map(|word| word.as_os_str().to_string_lossy());
    words.collect::<Vec<_>>().join("-")
}

/// Loads the library as a Python module, if this machine has a Python for it.
fn python_loads(toolchain: &str, file: &Path) {
    let folder = scratch(&label(file));
    let is_windows = toolchain.starts_with("windows");
    let name = if is_windows { "rgo_sample.pyd" } else { "rgo_sample.so" };
    fs::copy(file, folder.join(name)).expect("copied");
    let Some(mut python) = python(toolchain) else { return };
    // The distribution for Windows has a list of folders, and looks into no other one.
    let look =
        format!("import sys; sys.path.insert(0, r'{}'); {ASK_PYTHON}", seen(&folder, is_windows));
    write(&folder.join("ask.py"), &look);
    let said = Outcome::of(python.arg("ask.py").current_dir(&folder)).ended(0);
    assert_eq!(said.stdout.trim(), "42", "{toolchain}: {said}");
}

/// A folder as programs for Windows see it on Wine.
fn seen(folder: &Path, is_windows: bool) -> String {
    let path = folder.display().to_string();
    if is_windows && cfg!(unix) { format!("Z:{}", path.replace('/', "\\")) } else { path }
}

fn python(toolchain: &str) -> Option<Command> {
    let loaded = match toolchain {
        "windows-amd64" => on_windows("RGO_TEST_WINDOWS_PYTHON"),
        _ => is_native(toolchain).then(|| native(machine().must("RGO_TEST_PYTHON"))),
    };
    say_untested(loaded, "Python", toolchain)
}

fn node(toolchain: &str) -> Option<Command> {
    let loaded = match toolchain {
        "windows-amd64" => on_windows("RGO_TEST_WINDOWS_NODE"),
        "linux-arm64" if !is_native(toolchain) => node_of_arm64(),
        _ => (is_native(toolchain) && can("node")).then(|| native("node")),
    };
    say_untested(loaded, "Node", toolchain)
}

/// Node for Linux on arm64, of which set-up has said where it is.
fn node_of_arm64() -> Option<Command> {
    let program = machine().var("RGO_TEST_ARM64_NODE").filter(|_| can("qemu-aarch64"))?;
    let mut qemu = native("qemu-aarch64");
    // Compiled code would have to be translated again.
    qemu.args(["-L", "/usr/aarch64-linux-gnu", &program, "--jitless"]);
    Some(qemu)
}

fn say_untested(loaded: Option<Command>, host: &str, toolchain: &str) -> Option<Command> {
    if loaded.is_none() {
        // Set-up brings Python for Windows, and by npm Node for Windows and for Linux on arm64.
        let is_node = host == "Node";
        let is_brought = toolchain == "windows-amd64" || is_node && toolchain == "linux-arm64";
        let can_be_brought = is_brought && (!is_node || can("npm"));
        let say: fn(String) = if can_be_brought { not_tested } else { cannot_test };
        say(format!("the library for {toolchain} in {host}; there is no {host} for it here"));
    }
    loaded
}

/// Whether a program for this toolchain runs here without another program's help.
fn is_native(toolchain: &str) -> bool {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    cfg!(target_os = "linux") && toolchain == format!("linux-{arch}")
}

/// A program for Windows, of which set-up has said where it is.
fn on_windows(variable: &str) -> Option<Command> {
    let program = PathBuf::from(machine().var(variable)?);
    let mut command = if cfg!(windows) {
        native(program)
    } else {
        let debian = "/usr/lib/wine/wine64";
        let wine = ["wine64", "wine"].into_iter().find(|name| can(name));
        let mut wine = native(wine.or_else(|| Path::new(debian).is_file().then_some(debian))?);
        machine().prepare(&mut wine).arg(program);
        wine
    };
    // Wine says that it is an older Windows than node asks for.
    command.env("NODE_SKIP_PLATFORM_CHECK", "1").stdin(std::process::Stdio::null());
    runs_here("windows-amd64").then_some(command)
}

/// Loads the library into Node, runs a script on it, and gives what the script has written.
fn node_says(toolchain: &str, file: &Path, script: &str) -> Option<String> {
    let folder = scratch(&label(file));
    fs::copy(file, folder.join("sample.node")).expect("copied");
    // Node cannot print into a pipe on Wine.
    let script = format!(
        "const it = require('./sample.node'); require('fs').writeFileSync('said', String({script}));"
    );
    write(&folder.join("ask.js"), &script);
    Outcome::of(node(toolchain)?.arg("ask.js").current_dir(&folder)).ended(0);
    Some(fs::read_to_string(folder.join("said")).expect("said"))
}

/// What a PE file takes of a library.
fn imports(file: &Path, library: &str) -> Vec<String> {
    let text = readobj(&["--coff-imports"], file);
    let start = format!("Name: {library}\n");
    let of_library = text.split("Import {").find(|part| part.contains(&start)).unwrap_or_default();
    let symbols = of_library.lines().filter_map(|line| line.trim().strip_prefix("Symbol: "));
    symbols.map(|symbol| symbol.split(' ').next().expect("a name").to_owned()).collect()
}

fn pe_exports(file: &Path) -> Vec<String> {
    let text = readobj(&["--coff-exports"], file);
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Name: "));
    names.map(str::to_owned).collect()
}

/// The names that a Mach-O file leaves open, as LLVM reads its bindings. All others have a library.
fn open_names(file: &Path) -> Vec<String> {
    let mut command = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
    let said = Outcome::of(command.args(["--macho", "--bind", "--lazy-bind"]).arg(file)).ended(0);
    let rows = said.stdout.lines().filter(|line| line.contains("flat-namespace"));
    rows.filter_map(|line| line.split_whitespace().last().map(str::to_owned)).collect()
}

/// Holds that each library is an extension for Python: loaded where Python is, else by its tables.
fn is_of_python(report: &Report, toolchain: &str, dll: &str) {
    let file = library(report, toolchain);
    match toolchain.split_once('-').expect("os-arch").0 {
        "windows" => {
            let taken = imports(&file, dll);
            assert!(
                taken.iter().any(|name| name == "PyModule_Create2" || name == "PyModuleDef_Init"),
                "{toolchain}: {taken:?}"
            );
            assert_eq!(pe_exports(&file), ["PyInit_rgo_sample"], "{toolchain}");
        }
        "darwin" => {
            let open = open_names(&file);
            assert!(open.len() > 10, "{toolchain}: {open:?}");
            let is_of_python = |name: &String| name.trim_start_matches('_').starts_with("Py");
            assert!(open.iter().all(is_of_python), "{toolchain}: {open:?}");
        }
        _ => {}
    }
    python_loads(toolchain, &file);
}

#[test]
fn an_extension_with_the_stable_interface_is_for_six_platforms() {
    let report = project("python-extension", "stable").build(["--target", &SIX.join(",")]).report();
    for toolchain in SIX {
        is_of_python(&report, toolchain, "python3.dll");
    }
}

#[test]
fn an_extension_by_a_newer_pyo3_needs_no_library_of_python() {
    let project = project("python-extension-new", "stable");
    let report = project.build(["--target", &SIX.join(",")]).report();
    for toolchain in SIX {
        is_of_python(&report, toolchain, "python3.dll");
    }
}

#[test]
fn an_extension_for_one_version_is_for_the_one_that_is_named() {
    let two = ["--target", "linux/arm64,windows/arm64,darwin/arm64", "--no-default-features"];
    for name in ["python-extension", "python-extension-new"] {
        let project = project(name, "version");
        let mut command = project.command(two);
        let report = Outcome::of(command.env("PYO3_CROSS_PYTHON_VERSION", "3.11")).report();
        is_of_python(&report, "windows-arm64", "python311.dll");
        is_of_python(&report, "darwin-arm64", "");
    }
}

#[test]
fn the_version_is_the_only_one_that_the_project_allows() {
    let project = Project::copy("python-extension");
    let build = ["--target", "linux/amd64,windows/amd64", "--no-default-features"];
    // This machine's Python is asked for its version, and no other one.
    let outcome = project.build(build).ended(1).says("PYO3_CROSS_PYTHON_VERSION=3.12");
    let report = Report::parse(&outcome.stdout);
    assert!(report.error("windows-amd64").is_some());
    is_of_python(&report, "linux-amd64", "");
    let file = project.folder.join("pyproject.toml");
    let text = fs::read_to_string(&file).expect("text");
    write(&file, &text.replace(">=3.8", ">=3.13,<3.14"));
    let report = project.build(build).report();
    is_of_python(&report, "linux-amd64", "");
    is_of_python(&report, "windows-amd64", "python313.dll");
}

#[test]
fn an_extension_by_napi_is_for_six_platforms() {
    let report = project("node-extension", "all").build(["--target", &SIX.join(",")]).report();
    for toolchain in SIX {
        let file = library(&report, toolchain);
        match toolchain.split_once('-').expect("os-arch").0 {
            "windows" => {
                assert_eq!(imports(&file, "node.exe"), ["napi_get_version"], "{toolchain}");
                assert!(pe_exports(&file).contains(&"napi_register_module_v1".to_owned()));
            }
            "darwin" => assert_eq!(open_names(&file), ["_napi_get_version"], "{toolchain}"),
            _ => {}
        }
        if let Some(said) = node_says(toolchain, &file, "[it.twice(21), it.version() > 5]") {
            assert_eq!(said, "42,true", "{toolchain}");
        }
    }
}

#[test]
fn an_extension_by_neon_is_for_six_platforms() {
    let project = project("neon-extension", "all");
    let report = project.build(["--target", &SIX.join(",")]).report();
    project.forget_on_ci();
    for toolchain in SIX {
        let file = library(&report, toolchain);
        if toolchain.starts_with("windows") {
            assert!(pe_exports(&file).contains(&"napi_register_module_v1".to_owned()));
        }
        if toolchain.starts_with("darwin") {
            assert_eq!(open_names(&file), Vec::<String>::new(), "{toolchain}");
        }
        if let Some(said) = node_says(toolchain, &file, "it.twice(21)") {
            assert_eq!(said, "42", "{toolchain}");
        }
    }
}

#[test]
fn a_misspelled_name_does_not_stay_open() {
    for (name, misspelled) in
        [("python-extension", "PyList_Nwe"), ("node-extension", "napi_get_vresion")]
    {
        let project = project(name, "misspelled");
        let build = ["--target", "darwin/arm64,windows/arm64", "-F", "misspelled"];
        let outcome = project.build(build).ended(1);
        let report = Report::parse(&outcome.stdout);
        let error = format!("{misspelled} is in no library that this links");
        outcome
            .says(&error)
            .says("hint: look at the spelling")
            .says(&format!("undefined symbol: {misspelled}"));
        for toolchain in ["darwin-arm64", "windows-arm64"] {
            assert!(report.error(toolchain).is_some(), "{toolchain}");
        }
    }
}

#[test]
fn an_extension_that_does_not_ask_for_open_names_is_told_how() {
    let project = Project::copy("python-extension");
    write(&project.folder.join("build.rs"), "//! Asks for nothing.\n\nfn main() {}\n");
    let outcome = project.build(["--target", "darwin/amd64"]).ended(1);
    outcome.says("pyo3_build_config::add_extension_module_link_args()");
}

/// The variables of `rgo-build env`, as it gives them in JSON.
fn variables(project: &Project, target: &str) -> Vec<(String, String)> {
    let mut env = tool("rgo-build");
    env.args(["env", "--format", "json", "--target", target, "-C"]).arg(&project.folder);
    let said = Outcome::of(&mut env).ended(0).stdout;
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(value["schema"], "rgo.env/1");
    let pairs = value["variables"].as_object().expect("an object").iter();
    pairs.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}
