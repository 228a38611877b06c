//! `rgo-symbols symbolize` and the files that have the debug data of a program: each is found where debuggers look for
//! it, and of another build it is named and not used.

mod fetched;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::end_to_end::debug_data::build_id;
use crate::support::{
    Outcome, can, cannot_test, machine, native, no_gcc, not_tested, root, scratch, tool, zig,
};

/// The source of the programs, and the line at which the function begins that is looked up.
const SOURCE: &str = "testdata/debugged/twice.c";
const LINE: &str = "int shared(int number) {";

/// A program of `SOURCE` in a folder of its own, by the compiler of this machine. Builds differ by their level of
/// optimization.
struct Build {
    folder: PathBuf,
    program: PathBuf,
    /// Of the function with the line.
    address: String,
}

impl Build {
    /// None, and that is said, where nothing compiles for linux/amd64.
    fn new(folder: &Path, level: u8, flags: &[&str]) -> Option<Self> {
        if !(cfg!(all(target_os = "linux", target_arch = "x86_64")) && can("gcc")) {
            no_gcc("companions of ELF programs");
            return None;
        }
        fs::create_dir_all(folder).expect("made");
        let program = folder.join("twice");
        // Separate, so that the names of split units are those of the object.
        let object = folder.join("twice.o");
        let compile = |arguments: &[&str]| {
            let mut gcc = native("gcc");
            gcc.args([&format!("-O{level}"), "-g", "-no-pie", "-fno-pie"]).args(flags);
            Outcome::of(gcc.args(arguments).current_dir(folder)).ended(0);
        };
        compile(&["-c", root().join(SOURCE).to_str().expect("UTF-8"), "-o", "twice.o"]);
        compile(&["twice.o", "-o", "twice"]);
        fs::remove_file(object).expect("removed");
        let address = address(&program, "shared");
        Some(Self { folder: folder.to_owned(), program, address })
    }

    /// Two builds, in `own` and `other` below a folder.
    fn two(name: &str, flags: &[&str]) -> Option<[Self; 2]> {
        let folder = scratch(name).canonicalize().expect("a folder");
        Some([
            Self::new(&folder.join("own"), 0, flags)?,
            Self::new(&folder.join("other"), 1, flags)?,
        ])
    }

    /// Moves the debug data away by `rgo-strip --split`.
    fn split(&self, folder: &Path) {
        let mut strip = tool("rgo-strip");
        Outcome::of(strip.arg("--split").arg(folder).arg(&self.program)).ended(0);
    }

    fn symbolize(&self, flags: &[&str]) -> Outcome {
        symbolize(&self.program, &self.address, flags)
    }
}

/// The address of a function.
fn address(program: &Path, function: &str) -> String {
    let mut list = tool("rgo-symbols");
    list.args(["--defined", "--format", "ndjson", "--filter"]).arg(format!("^_?{function}$"));
    let rows = Outcome::of(list.arg(program)).ended(0).stdout;
    let row: Value = serde_json::from_str(rows.lines().next().expect("a symbol")).expect("JSON");
    row["address"].as_str().expect("an address").to_owned()
}

/// Below no folder for debug data, unless a flag names one.
fn symbolize(program: &Path, address: &str, flags: &[&str]) -> Outcome {
    let mut command = tool("rgo-symbols");
    command.args(["symbolize", "-e"]).arg(program).arg(address);
    if !flags.contains(&"--debug-dir") {
        command.args(["--debug-dir", "nowhere"]);
    }
    Outcome::of(command.args(flags).env_remove("DEBUGINFOD_URLS")).ended(0)
}

trait Lines {
    fn has_line(self) -> Self;
    fn has_no_line(self) -> Self;
}

impl Lines for Outcome {
    /// It has the line, and nothing to warn of.
    #[track_caller]
    fn has_line(self) -> Self {
        let text = fs::read_to_string(root().join(SOURCE)).expect("a source");
        let line = 1 + text.lines().position(|line| line.contains(LINE)).expect("the line");
        let named = format!("{SOURCE}:{line}");
        let is_named = self.stdout.contains(" shared at ") && self.stdout.contains(&named);
        assert!(is_named && self.stderr.is_empty(), "not {named}\n{self}");
        self
    }

    #[track_caller]
    fn has_no_line(self) -> Self {
        assert!(!self.stdout.contains("twice.c:"), "{self}");
        self
    }
}

fn store(folder: &Path, id: &str) -> PathBuf {
    let (first, rest) = id.split_at(2);
    folder.join(".build-id").join(first).join(format!("{rest}.debug"))
}

#[test]
fn by_debuglink_and_check_sum() {
    let Some([own, other]) = Build::two("companion-link", &["-Wl,--build-id=none"]) else { return };
    for build in [&own, &other] {
        build.split(&build.folder);
    }
    own.symbolize(&[]).has_line();
    let companion = own.folder.join("twice.debug");
    let below = own.folder.join(".debug");
    fs::create_dir(&below).expect("made");
    fs::rename(&companion, below.join("twice.debug")).expect("moved");
    own.symbolize(&[]).has_line();
    fs::copy(other.folder.join("twice.debug"), below.join("twice.debug")).expect("copied");
    own.symbolize(&[])
        .has_no_line()
        .says(".debug/twice.debug is not used: the file belongs to another image: CRC-32 ")
        .says("it lacks its companion twice.debug with the CRC-32 ");
}

#[test]
fn by_build_id() {
    let Some([own, other]) = Build::two("companion-id", &["-Wl,--build-id=sha1"]) else { return };
    for build in [&own, &other] {
        build.split(&build.folder.join("debug"));
    }
    let folder = own.folder.join("debug");
    let flags = ["--debug-dir", folder.to_str().expect("UTF-8")];
    own.symbolize(&[]).has_no_line().says("its companion with the build ID ");
    own.symbolize(&flags).has_line();
    let (own_id, other_id) = (build_id(&own.program), build_id(&other.program));
    let file = store(&folder, &own_id);
    fs::copy(store(&other.folder.join("debug"), &other_id), &file).expect("copied");
    own.symbolize(&flags).has_no_line().says(&format!(
        "{} is not used: the file belongs to another image: build ID {other_id} is not {own_id}",
        file.display()
    ));
}

#[test]
fn shared_by_dwz() {
    if !can("dwz") {
        return not_tested("supplementary files; there is no dwz");
    }
    let Some(builds) = Build::two("companion-dwz", &["-Wl,--build-id=sha1"]) else { return };
    for build in &builds {
        fs::copy(&build.program, build.folder.join("again")).expect("copied");
        let mut dwz = native("dwz");
        dwz.args(["-m", "common.dwz", "-r", "twice", "again"]).current_dir(&build.folder);
        Outcome::of(&mut dwz).ended(0);
    }
    let [own, other] = builds;
    own.symbolize(&[]).has_line();
    let shared = own.folder.join("common.dwz");
    fs::copy(other.folder.join("common.dwz"), &shared).expect("copied");
    own.symbolize(&[]).says(&format!(
        "{} is not used: the file belongs to another image: build ID ",
        shared.display()
    ));
}

#[test]
fn of_units_in_files_of_their_own() {
    // llvm-dwp 22 never ends with the files of DWARF 5.
    let Some([own, other]) = Build::two("companion-dwo", &["-gdwarf-4", "-gsplit-dwarf"]) else {
        return;
    };
    own.symbolize(&[]).has_line();
    let dwo = own.folder.join("twice.dwo");
    let away = own.folder.join("away");
    fs::rename(&dwo, &away).expect("moved");
    let missing = own.symbolize(&[]);
    assert!(missing.stdout.contains("twice.dwo with the unit "), "{missing}");
    fs::copy(other.folder.join("twice.dwo"), &dwo).expect("copied");
    let wrong = own.symbolize(&[]).says(&format!(
        "{} is not used: the file belongs to another image: none of its units",
        dwo.display()
    ));
    assert!(wrong.stdout.contains("twice.dwo with the unit "), "{wrong}");
    fs::remove_file(&dwo).expect("removed");

    let Some(dwp) = machine().var("RGO_TEST_LLVM_DWP") else {
        return not_tested("packages of .dwo files; there is no llvm-dwp");
    };
    fs::rename(&away, &dwo).expect("moved");
    for build in [&own, &other] {
        let mut pack = native(&dwp);
        pack.args(["-e", "twice", "-o", "twice.dwp"]).current_dir(&build.folder);
        Outcome::of(&mut pack).ended(0);
    }
    fs::remove_file(&dwo).expect("removed");
    own.symbolize(&[]).has_line();
    let package = own.folder.join("twice.dwp");
    fs::copy(other.folder.join("twice.dwp"), &package).expect("copied");
    let wrong = own.symbolize(&[]).says(&format!(
        "{} is of another build, or incomplete: it lacks the unit ",
        package.display()
    ));
    assert!(wrong.stdout.contains("twice.dwo with the unit "), "{wrong}");
}

/// Fedora's table of symbols is in the program itself.
#[test]
fn named_by_mini_debug_info() {
    if !(can("xz") && can("objcopy")) {
        return not_tested("mini debug info; there is no xz or objcopy");
    }
    let folder = scratch("companion-mini");
    let Some(own) = Build::new(&folder, 0, &[]) else { return };
    let run = |command: &mut Command| drop(Outcome::of(command.current_dir(&folder)).ended(0));
    run(native("objcopy").args(["-S", "--keep-symbol=shared", "twice", "mini"]));
    run(native("xz").arg("mini"));
    run(native("objcopy").args(["-S", "twice"]));
    let said = own.symbolize(&[]);
    assert!(!said.stdout.contains("shared"), "{said}");
    run(native("objcopy").args(["--add-section", ".gnu_debugdata=mini.xz", "twice"]));
    let said = own.symbolize(&[]).has_no_line();
    assert!(said.stdout.contains(" shared+0x0"), "{said}");
    own.symbolize(&[]).says("its companion with the build ID ");
}

/// Two builds by zig for another system.
fn by_zig(name: &str, target: &str, flags: &[&str], file: &str) -> [PathBuf; 2] {
    let folder = scratch(name).canonicalize().expect("a folder");
    [("own", "-O0"), ("other", "-O1")].map(|(name, level)| {
        let build = folder.join(name);
        fs::create_dir(&build).expect("made");
        let compile = |arguments: &[&str]| {
            let mut cc = zig("cc", &folder);
            cc.args(["-target", target, "-g", level]).args(arguments).current_dir(&build);
            Outcome::of(&mut cc).ended(0);
        };
        compile(&["-c", root().join(SOURCE).to_str().expect("UTF-8"), "-o", "twice.o"]);
        compile(&[&["twice.o", "-o", file], flags].concat());
        build.join(file)
    })
}

#[test]
fn in_a_dsym() {
    let [own, other] = by_zig("companion-dsym", "aarch64-macos", &[], "twice");
    let address = address(&own, "shared");
    for program in [&own, &other] {
        let mut dsymutil = native(machine().must("RGO_TEST_DSYMUTIL"));
        // The program names its object by a path from its own folder.
        let folder = program.parent().expect("a folder");
        Outcome::of(dsymutil.arg(program).current_dir(folder)).ended(0);
        fs::remove_file(program.with_extension("o")).expect("removed");
    }
    let inside =
        |program: &Path| program.with_file_name("twice.dSYM/Contents/Resources/DWARF/twice");
    symbolize(&own, &address, &[]).has_line();
    fs::copy(inside(&other), inside(&own)).expect("copied");
    symbolize(&own, &address, &[])
        .has_no_line()
        .says(&format!(
            "{} is not used: the file belongs to another image: UUID ",
            inside(&own).display()
        ))
        .says("it lacks its dSYM with the UUID ");
}

/// `rgo-strip --split` moves the debug data of a Go program, which are within it, into a dSYM.
#[test]
fn in_a_dsym_of_a_go_program() {
    if !can("go") {
        return cannot_test("dSYM bundles of Go programs, for there is no go");
    }
    let folder = scratch("companion-dsym-go").canonicalize().expect("a folder");
    let build = |name: &str, flags: &str| {
        let program = folder.join(name).join("twice");
        let mut go = native("go");
        go.envs([("GOOS", "darwin"), ("GOARCH", "arm64"), ("CGO_ENABLED", "0"), ("GOFLAGS", "")]);
        go.args(["build", flags, "-o"]).arg(&program).arg(".");
        Outcome::of(go.current_dir(root().join("testdata/debugged"))).ended(0);
        let address = address(&program, "main.twice");
        let split = program.parent().expect("a folder");
        Outcome::of(tool("rgo-strip").arg("--split").arg(split).arg(&program)).ended(0);
        (program, address)
    };
    let (own, address) = build("own", "-gcflags=-N -l");
    let (other, _) = build("other", "-gcflags=-N");
    let inside =
        |program: &Path| program.with_file_name("twice.dSYM/Contents/Resources/DWARF/twice");
    let from = |wanted: &str| {
        let said = symbolize(&own, &address, &["--format", "ndjson"]);
        assert!(said.stdout.contains(wanted), "{said}");
        said
    };
    from("\"source\":\"dwarf\"").says_nothing_of("not used");
    fs::copy(inside(&other), inside(&own)).expect("copied");
    // Go's own table still has the line.
    from("twice.go").says("is not used: the file belongs to another image: UUID ");
    from("\"source\":\"go_functions\"");
}

/// Of a library, whose exports name its functions.
#[test]
fn in_a_pdb() {
    let target = "x86_64-windows-gnu";
    let [own, other] = by_zig("companion-pdb", target, &["-shared"], "twice.dll");
    let address = address(&own, "shared");
    symbolize(&own, &address, &[]).has_line();
    let pdb = own.with_extension("pdb");
    fs::copy(other.with_extension("pdb"), &pdb).expect("copied");
    symbolize(&own, &address, &[])
        .has_no_line()
        .says(&format!("{} is not used: the file belongs to another image: PDB ", pdb.display()))
        .says("it lacks its PDB ");
}
