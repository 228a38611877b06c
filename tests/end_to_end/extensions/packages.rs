//! Packages of extensions, made by the tools that make them: a wheel by maturin, with the variables
//! of `rgo-build env`, and a package of npm with a file for each platform.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ASK_PYTHON, SIX, library, on_windows, seen, variables};
use crate::support::{
    Outcome, Project, can, cannot_test, machine, native, not_tested, scratch, write,
};

/// The wheel that maturin makes with rgo's toolchain.
fn wheel(project: &Project, target: &str, triple: &str) -> Option<PathBuf> {
    let Some(maturin) = machine().var("RGO_TEST_MATURIN") else {
        not_tested(format!("a wheel for {target}; there is no maturin here"));
        return None;
    };
    let made = scratch(&format!("wheel-{triple}"));
    let mut command = native(maturin);
    machine().prepare(&mut command);
    command.args(["build", "--release", "--target", triple, "-o"]).arg(&made);
    command
        .env("CARGO_TARGET_DIR", project.target.join("maturin"))
        .envs(variables(project, target));
    Outcome::of(command.current_dir(&project.folder)).ended(0);
    let file = fs::read_dir(&made).expect("a folder").next().expect("a wheel").expect("an entry");
    Some(file.path())
}

/// Installs a wheel that need not be for this machine.
fn installed(wheel: &Path, platform: &str) -> PathBuf {
    let folder = scratch(&format!("installed-{platform}"));
    let mut pip = native(machine().must("RGO_TEST_PYTHON"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--python-version", "3.13", "--platform", platform, "--target"]).arg(&folder);
    Outcome::of(pip.arg(wheel)).ended(0);
    folder
}

#[test]
fn a_wheel_by_maturin_is_installed_and_loaded() {
    let project = Project::of("python-extension");
    let triple = "x86_64-unknown-linux-gnu";
    let Some(wheel) = wheel(&project, "linux/amd64", triple) else { return };
    // The floor is rgo's, and maturin has looked at what the library needs.
    let name = wheel.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.contains("cp38-abi3-manylinux") && name.contains("2_17_x86_64"), "{name}");
    let folder = installed(&wheel, "manylinux_2_17_x86_64");
    if !super::is_native("linux-amd64") {
        cannot_test("the wheel in Python; this machine is another one");
        return;
    }
    let mut python = native(machine().must("RGO_TEST_PYTHON"));
    let said = Outcome::of(python.args(["-c", ASK_PYTHON]).env("PYTHONPATH", &folder)).ended(0);
    assert_eq!(said.stdout, "42\n");
}

#[test]
fn a_wheel_for_windows_is_installed_and_loaded() {
    let project = Project::of("python-extension");
    let triple = "x86_64-pc-windows-gnullvm";
    let Some(wheel) = wheel(&project, "windows/amd64", triple) else { return };
    let folder = installed(&wheel, "win_amd64");
    let Some(mut python) = on_windows("RGO_TEST_WINDOWS_PYTHON") else {
        not_tested("the wheel in Python for Windows; there is none here");
        return;
    };
    let ask = format!("import sys; sys.path.insert(0, r'{}'); {ASK_PYTHON}", seen(&folder, true));
    write(&folder.join("ask.py"), &ask);
    let said = Outcome::of(python.arg("ask.py").current_dir(&folder)).ended(0);
    assert_eq!(said.stdout.trim(), "42", "{said}");
}

#[test]
fn a_wheel_for_macos_leaves_open_what_is_pythons() {
    let project = Project::of("python-extension");
    let Some(wheel) = wheel(&project, "darwin/arm64", "aarch64-apple-darwin") else { return };
    let folder = installed(&wheel, "macosx_11_0_arm64");
    let file = folder.join("rgo_sample/rgo_sample.abi3.so");
    let open = super::open_names(&file);
    assert!(open.len() > 10 && open.iter().all(|name| name.contains("Py")), "{open:?}");
}

#[test]
fn a_package_of_npm_is_installed_and_loaded() {
    if !can("npm") || !can("node") {
        cannot_test("a package of npm; there is no npm or no node here");
        return;
    }
    let project = super::project("node-extension", "npm");
    let report = project.build(["--target", &SIX.join(",")]).report();
    let package = scratch("npm-package");
    for file in ["package.json", "index.js"] {
        fs::copy(project.folder.join("npm").join(file), package.join(file)).expect("copied");
    }
    for toolchain in SIX {
        let (os, arch) = toolchain.split_once('-').expect("os-arch");
        // As node calls them.
        let os = if os == "windows" { "win32" } else { os };
        let arch = if arch == "amd64" { "x64" } else { arch };
        let place = package.join(format!("rgo-sample.{os}-{arch}.node"));
        fs::copy(library(&report, toolchain), place).expect("copied");
    }
    let npm = |args: &[&str], folder: &Path| {
        Outcome::of(native("npm").args(args).current_dir(folder)).ended(0).stdout
    };
    let packed = npm(&["pack", "--silent"], &package);
    let user = scratch("npm-user");
    write(&user.join("package.json"), "{ \"name\": \"user\", \"private\": true }\n");
    let packed = package.join(packed.trim());
    npm(&["install", "--silent", "--offline", &packed.display().to_string()], &user);
    let ask = "require('fs').writeFileSync('said', String(require('rgo-sample').twice(21)));";
    write(&user.join("ask.js"), ask);
    let mut nodes = vec![native("node")];
    nodes.extend(on_windows("RGO_TEST_WINDOWS_NODE"));
    for mut node in nodes {
        let _ = fs::remove_file(user.join("said"));
        Outcome::of(node.arg("ask.js").current_dir(&user)).ended(0);
        assert_eq!(fs::read_to_string(user.join("said")).expect("said"), "42");
    }
}
