//! Turns the request and the facts about the machine into the cargo commands to run. The commands
//! are data: `-n` prints them, the build runs them, the tests compare them.

use std::collections::BTreeMap;

use crate::cargo::options::CargoOptions;
use crate::cargo::rustflags::{self, Invocation, TargetFlags};
use crate::cargo::targets::{BuildOutput, Mode, Selection};
use crate::exec::Cmd;
use crate::extensions::python;
use crate::output_kind::OutputKind;
use crate::path_remap::PathRemap;
use crate::request::{DebugInfo, Request};
use crate::show::Messages;
use crate::toolchain::{Floor, Toolchain};

/// One target of the build.
#[derive(Clone, Debug)]
pub struct CargoTarget {
    /// The toolchain.
    pub toolchain: &'static Toolchain,
    /// The oldest system on which its programs must run.
    pub floor: Option<Floor>,
    /// The rustflags for it.
    pub flags: TargetFlags,
    /// Variables for C code, and for the link.
    pub env: BTreeMap<String, String>,
    /// What cargo must build for it, where that differs from the user's selection.
    pub selection: Option<Selection>,
}

/// A cargo command for as many targets as can share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoRun {
    /// The targets that it builds.
    pub targets: Vec<&'static Toolchain>,
    /// Cargo with its variables, and the flags before the targets.
    before: Cmd,
    /// The flags after the targets.
    after: Vec<String>,
}

impl CargoRun {
    /// The command.
    #[must_use]
    pub fn cmd(&self) -> Cmd {
        let targets = self.targets.iter().flat_map(|it| ["--target", it.triple.as_str()]);
        self.before.clone().args(targets).args(self.after.iter().cloned())
    }

    /// The same run for some of its targets.
    #[must_use]
    pub fn narrowed(&self, is_wanted: impl Fn(&Toolchain) -> bool) -> Self {
        let targets = self.targets.iter().copied().filter(|it| is_wanted(it)).collect();
        Self { targets, ..self.clone() }
    }
}

/// The parts that all cargo commands of a build share.
#[derive(Clone, Copy, Debug)]
pub struct CargoCall<'a> {
    /// Cargo with its compiler.
    pub base: &'a Cmd,
    /// The user's request to any builder.
    pub request: &'a Request,
    /// The user's options for cargo.
    pub options: &'a CargoOptions,
    /// The files to make.
    pub outputs: &'a [BuildOutput],
    /// How cargo writes its messages.
    pub messages: Messages,
    /// Whether the environment replaces all rustflags of configuration files.
    pub flags_replaced: bool,
}

impl CargoCall<'_> {
    /// The cargo commands for these targets, as few as their flags allow. `conflict` tells whether
    /// two targets must not share an invocation.
    #[must_use]
    pub fn runs(
        &self,
        targets: &[CargoTarget],
        conflict: &dyn Fn(usize, usize) -> bool,
    ) -> Vec<CargoRun> {
        let flags: Vec<TargetFlags> = targets.iter().map(|target| target.flags.clone()).collect();
        // `cargo rustc`, which is needed to override the crate type, takes one target only. And
        // rustc prints the native libraries of a static library without naming the target.
        let has_static = self.outputs.iter().any(|one| one.kind == OutputKind::Staticlib);
        let alone = has_static || self.forced_crate_type().is_some();
        let invocations = rustflags::invocations(&flags, self.flags_replaced, &|a, b| {
            let (a_target, b_target) = (&targets[a], &targets[b]);
            alone
                || a_target.selection != b_target.selection
                || conflict(a, b)
                || contradict(&a_target.env, &b_target.env)
        });
        let shared = |invocation: &Invocation| -> Vec<&CargoTarget> {
            invocation.targets.iter().filter_map(|index| targets.get(*index)).collect()
        };
        invocations.iter().map(|it| self.run(&shared(it), &it.env)).collect()
    }

    /// The command for targets that share it.
    fn run(&self, targets: &[&CargoTarget], flags: &BTreeMap<String, String>) -> CargoRun {
        let Self { request, options, .. } = self;
        let selection = targets.first().and_then(|target| target.selection.as_ref());
        let selection = selection.unwrap_or(&options.selection);
        let mut before = self.base.clone().cwd(&request.folder).args(self.build_flags(selection));
        for target in targets {
            before = before.envs(&target.env);
        }
        // The user's variables override those that rgo sets for C code.
        before = before.envs(flags).envs(request.env.iter().cloned());
        let mut after = options.cargo_flags.clone();
        if let Some(crate_type) = self.forced_crate_type() {
            after.extend(owned(&["--crate-type", crate_type]));
        }
        let targets = targets.iter().map(|target| target.toolchain).collect();
        CargoRun { targets, before, after }
    }

    /// The crate type that `--buildmode` forces. Only `cargo rustc` can override the manifest's
    /// crate type, and for one package only.
    fn forced_crate_type(&self) -> Option<&'static str> {
        match self.options.selection.mode {
            Some(Mode::CShared) => Some(OutputKind::Cdylib.crate_type()),
            Some(Mode::CArchive) => Some(OutputKind::Staticlib.crate_type()),
            Some(Mode::Exe) | None => None,
        }
    }

    fn build_flags(&self, selection: &Selection) -> Vec<String> {
        let Self { request, options, .. } = self;
        let forced = self.forced_crate_type().is_some();
        let format = match self.messages {
            Messages::Plain => "json",
            Messages::Ansi => "json-diagnostic-rendered-ansi",
        };
        let subcommand = if forced { "rustc" } else { "build" };
        let mut flags = owned(&[subcommand, "--message-format", format]);
        flags.extend(owned(&["--profile", &options.profile]));
        // An error for one target must not stop the build of the others.
        flags.extend(owned(&["--keep-going"]));
        flags.extend(if forced { library_flags(self.outputs) } else { selection_flags(selection) });
        flags.extend(options.resolution_flags(request));
        if let Some(jobs) = &request.jobs {
            flags.extend(owned(&["-j", jobs]));
        }
        // They come after the user's own `--config`, and so override it.
        flags.extend(profile_flags(&options.profile, request.debug_info));
        flags.extend(verbosity_flags(request));
        flags
    }
}

/// Variables that change how a target is built. A target that does not need one must not share an
/// invocation with a target that does.
const NOT_FOR_OTHERS: [&str; 1] = [python::VERSION];

/// Whether two targets need different values of one variable, as two macOS floors do.
fn contradict(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> bool {
    NOT_FOR_OTHERS.iter().any(|name| one.contains_key(*name) != other.contains_key(*name))
        || one.iter().any(|(name, value)| other.get(name).is_some_and(|theirs| theirs != value))
}

/// Flags that select the libraries whose crate type is forced.
fn library_flags(wanted: &[BuildOutput]) -> Vec<String> {
    // The package ID is unambiguous: a dependency may have the same name.
    let packages = wanted.iter().flat_map(|one| owned(&["-p", &one.package.repr]));
    packages.chain(owned(&["--lib"])).collect()
}

/// Flags for the user's selection.
fn selection_flags(selection: &Selection) -> Vec<String> {
    let mut flags = Vec::new();
    let mut add = |words: &[&str]| flags.extend(owned(words));
    selection.packages.iter().for_each(|package| add(&["-p", package]));
    if selection.workspace {
        add(&["--workspace"]);
    }
    selection.bins.iter().for_each(|bin| add(&["--bin", bin]));
    let unnamed = selection.bins.is_empty() && selection.examples.is_empty();
    if selection.all_bins || selection.mode == Some(Mode::Exe) && unnamed {
        add(&["--bins"]);
    }
    selection.examples.iter().for_each(|example| add(&["--example", example]));
    if selection.lib {
        add(&["--lib"]);
    }
    flags
}

/// Flags that override the profile. rgo strips after the link, because rustc's strip breaks foreign
/// binaries or needs a tool that is not installed.
fn profile_flags(profile: &str, debug: Option<DebugInfo>) -> Vec<String> {
    let mut flags = owned(&["--config", &format!("profile.{profile}.strip=\"none\"")]);
    if let Some(debug) = debug {
        let level = match debug {
            DebugInfo::None => "none",
            DebugInfo::Lines => "line-tables-only",
            DebugInfo::Full => "full",
        };
        flags.extend(owned(&["--config", &format!("profile.{profile}.debug=\"{level}\"")]));
    }
    flags
}

/// Cargo explains what it compiles under `-v` only, and refuses `-v` with `-q`.
fn verbosity_flags(request: &Request) -> Vec<String> {
    let verbose = request.verbose.max(u8::from(request.explain));
    let mut flags = vec!["-v".to_owned(); usize::from(verbose)];
    if request.quiet && verbose == 0 {
        flags.push("-q".to_owned());
    }
    flags
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The flag that makes rustc print the native libraries that a static library has to be linked
/// with.
pub const PRINT_NATIVE_LIBS: &str = "--print=native-static-libs";

/// The rustc flags for these mappings.
#[must_use]
pub fn remap_flags(path_remaps: &[PathRemap]) -> Vec<String> {
    path_remaps
        .iter()
        .map(|remap| format!("--remap-path-prefix={}={}", remap.from, remap.to))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain;
    use rgo_binary::system::Os;

    fn plan(name: &str) -> CargoTarget {
        let toolchain = toolchain::by_name(name).expect("a toolchain");
        CargoTarget {
            toolchain,
            floor: toolchain.floor.clone(),
            flags: TargetFlags { triple: toolchain.triple.clone(), ..TargetFlags::default() },
            env: [(format!("CC_{}", toolchain.triple), "cc".to_owned())].into(),
            selection: None,
        }
    }

    /// The user's request to any builder, and the options for cargo.
    type Wish = (Request, CargoOptions);

    fn shell((request, options): &Wish, names: &[&str], flags_replaced: bool) -> Vec<String> {
        let targets: Vec<_> = names.iter().map(|name| plan(name)).collect();
        let outputs = [BuildOutput {
            package: cargo_metadata::PackageId { repr: "path+file:///p#pkg@1.0.0".into() },
            package_name: "pkg".into(),
            name: "lib".into(),
            kind: OutputKind::Cdylib,
            explicit: true,
            requires: Vec::new(),
        }];
        let base = Cmd::new("cargo");
        let (messages, outputs) = (Messages::Plain, &outputs[..]);
        let call = CargoCall { base: &base, request, options, outputs, messages, flags_replaced };
        call.runs(&targets, &|_, _| false).iter().map(|run| run.cmd().to_string()).collect()
    }

    fn wish() -> Wish {
        let options = CargoOptions { profile: "release".into(), ..CargoOptions::default() };
        (Request { folder: "/p".into(), ..Request::default() }, options)
    }

    #[test]
    fn all_targets_are_one_invocation() {
        let runs = shell(&wish(), &["linux-amd64-static", "darwin-arm64"], false);
        assert_eq!(runs.len(), 1);
        for part in [
            "cd /p && ",
            "CC_aarch64-apple-darwin=cc",
            "cargo build --message-format json --profile release --keep-going",
            "--target x86_64-unknown-linux-musl --target aarch64-apple-darwin",
            "profile.release.strip=\"none\"",
        ] {
            assert!(runs[0].contains(part), "{part} is not in {}", runs[0]);
        }
        assert_eq!(shell(&wish(), &["linux-amd64-static", "darwin-arm64"], true).len(), 2);
    }

    #[test]
    fn targets_that_need_two_values_of_a_variable_are_two_invocations() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
        };
        let amd64 = map(&[("MACOSX_DEPLOYMENT_TARGET", "10.15"), ("CC_x86_64", "a")]);
        let arm64 = map(&[("MACOSX_DEPLOYMENT_TARGET", "11.0"), ("CC_aarch64", "b")]);
        assert!(contradict(&amd64, &arm64));
        assert!(!contradict(&amd64, &map(&[("MACOSX_DEPLOYMENT_TARGET", "10.15")])));
        // Without a configured Python version, pyo3 asks the Python of this machine.
        let told = map(&[(python::VERSION, "3.12")]);
        assert!(contradict(&told, &amd64) && contradict(&amd64, &told));
        assert!(!contradict(&told, &told));
        let mut targets = [plan("darwin-amd64"), plan("linux-amd64"), plan("darwin-arm64")];
        targets[0].env = amd64;
        targets[2].env = arm64;
        let no = |_: usize, _: usize| false;
        let base = Cmd::new("cargo");
        let (request, options) = wish();
        let call = CargoCall {
            base: &base,
            request: &request,
            options: &options,
            outputs: &[],
            messages: Messages::Plain,
            flags_replaced: false,
        };
        let runs = call.runs(&targets, &no);
        let names = |run: &CargoRun| -> Vec<&str> {
            run.targets.iter().map(|it| it.name.as_str()).collect()
        };
        let shared: Vec<_> = runs.iter().map(names).collect();
        assert_eq!(shared, [vec!["darwin-amd64", "linux-amd64"], vec!["darwin-arm64"]]);
        let one = runs[0].narrowed(|it| it.is(Os::Linux));
        assert_eq!(names(&one), ["linux-amd64"]);
        let line = one.cmd().to_string();
        assert!(line.contains("--target x86_64-unknown-linux-gnu"), "{line}");
        assert!(!line.contains("--target x86_64-apple-darwin"), "{line}");
    }

    #[test]
    fn a_library_of_another_kind_is_made_by_cargo_rustc() {
        let mut wish = wish();
        wish.1.selection.mode = Some(Mode::CShared);
        let runs = shell(&wish, &["linux-amd64"], false);
        assert!(
            runs[0].contains("cargo rustc ")
                && runs[0].contains("-p 'path+file:///p#pkg@1.0.0' --lib"),
            "{}",
            runs[0]
        );
        assert!(runs[0].ends_with("--crate-type cdylib"), "{}", runs[0]);
    }

    #[test]
    fn the_users_own_words_reach_cargo() {
        let (request, options) = wish();
        let request = Request {
            jobs: Some("1".into()),
            env: vec![("CC_x".into(), "mine".into())],
            debug_info: Some(DebugInfo::Full),
            explain: true,
            ..request
        };
        let options = CargoOptions {
            features: vec!["a b".into()],
            config: vec!["build.incremental=false".into()],
            cargo_flags: vec!["--timings".into()],
            ..options
        };
        let run = &shell(&(request, options), &["linux-amd64"], false)[0];
        for part in ["CC_x=mine", "--features 'a b'", "-j 1", "--timings", " -v", "debug=\"full\""]
        {
            assert!(run.contains(part), "{part} is not in {run}");
        }
    }

    #[test]
    fn explaining_goes_before_silence() {
        for (quiet, explain, verbose, expected) in [
            (true, false, 0, " -q"),
            (true, true, 0, " -v"),
            (false, true, 0, " -v"),
            (false, false, 2, " -v -v"),
            (false, true, 2, " -v -v"),
            (false, false, 0, ""),
        ] {
            let (request, options) = wish();
            let request = Request { quiet, explain, verbose, ..request };
            let run = &shell(&(request, options), &["linux-amd64"], false)[0];
            let words = |flag: &str| run.split(' ').filter(|word| *word == flag).count();
            let said = " -v".repeat(words("-v")) + &" -q".repeat(words("-q"));
            assert_eq!(said, expected, "{run}");
        }
    }
}
