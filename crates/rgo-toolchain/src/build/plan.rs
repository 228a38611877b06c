//! A build as one value. `-n` prints it, `-x` announces each step, and [`super::execute`] runs it,
//! so that all three agree.
//!
//! The printed plan is a shell script that can be run. A step that rgo does by itself is printed as
//! a public rgo command if there is one, else as a comment.

use std::fmt;
use std::rc::Rc;

use camino::Utf8PathBuf;
use rgo_binary::system::Os;

use super::error::BuildError;
use super::tool_types::{BuildRun, BuildTarget, NamedOutput, ToolTypes};
use super::work_dir::VARIABLE as WORK;
use crate::exec::{self, Cmd};
use crate::request::StripMode;
use crate::show::Messages;
use crate::toolchain::Toolchain;

/// Options of a plan, beside the builder's own facts.
pub struct PlanOptions {
    /// Whether to build everything again (`-a`).
    pub again: bool,
    /// The temporary folder of this build.
    pub work: Utf8PathBuf,
    /// How the compiler writes its messages.
    pub messages: Messages,
}

/// The steps of a build, in their order.
pub struct Plan<B: ToolTypes> {
    /// The targets to build.
    pub targets: Vec<Rc<B::Target>>,
    /// The steps.
    pub steps: Vec<Step<B>>,
}

/// A plan, and the targets that this machine cannot build for, with the reason.
pub struct Planned<B: ToolTypes> {
    /// The plan.
    pub plan: Plan<B>,
    /// The targets that are not in it.
    pub failed: Vec<(&'static Toolchain, BuildError)>,
}

/// One step.
pub enum Step<B: ToolTypes> {
    /// Fetches zig.
    FetchZig(Cmd),
    /// Installs what a target needs: a linker, compilers for C code, the standard library.
    GetReady {
        /// The target.
        target: Rc<B::Target>,
        /// Commands that install the standard library, if it is missing.
        std: Vec<String>,
        /// The command that does the same.
        command: Cmd,
    },
    /// Makes the temporary folder of this build.
    MakeWork(Utf8PathBuf),
    /// Writes a file of this build's own folder.
    WriteFile {
        /// The file.
        file: Utf8PathBuf,
        /// Its content, without the end of the last line.
        text: String,
    },
    /// Removes the files of earlier builds.
    Clean(Cmd),
    /// Compiles and links.
    Build(B::Run),
    /// Looks for each slot that got a value in all linked files.
    CheckNames(Vec<String>),
    /// Finishes these files and puts them in place.
    Finish(Vec<Finish<B::Output>>),
}

/// A linked file to finish.
pub struct Finish<O> {
    /// Its target.
    pub target: &'static Toolchain,
    /// The output that it is.
    pub output: O,
    /// Where the builder is expected to put it. The builder reports the actual path.
    pub linked: Utf8PathBuf,
    /// Where the finished file goes.
    pub place: Utf8PathBuf,
    /// What to strip; `None` if the file ships unchanged.
    pub strip: Option<StripMode>,
    /// Values for its slots.
    pub values: Vec<(String, String)>,
    /// Whether this is the target's only file, so that all values are for it.
    pub is_alone: bool,
}

impl<B: ToolTypes> Plan<B> {
    /// The targets that a run builds.
    pub(super) fn targets_of(&self, run: &B::Run) -> Vec<Rc<B::Target>> {
        let find = |it: &Toolchain| self.targets.iter().find(|target| target.name() == it.name);
        run.targets().into_iter().filter_map(find).cloned().collect()
    }
}

impl<B: ToolTypes> Step<B> {
    /// Whether it gets the targets ready, which is done before anything is built.
    pub(super) fn gets_ready(&self) -> bool {
        matches!(self, Self::FetchZig(_) | Self::GetReady { .. })
    }
}

impl<B: ToolTypes> fmt::Display for Plan<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl<B: ToolTypes> fmt::Display for Step<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FetchZig(cmd) | Self::Clean(cmd) => write!(f, "{cmd}"),
            Self::GetReady { std, command, .. } => {
                std.iter().try_for_each(|line| writeln!(f, "{line}"))?;
                write!(f, "{command} > /dev/null  # {}", B::PREPARES)
            }
            Self::MakeWork(folder) if folder == WORK => f.write_str("WORK=$(mktemp -d)"),
            Self::MakeWork(folder) => write!(f, "mkdir -p {}", exec::quoted(folder.as_str())),
            Self::WriteFile { file, text } => {
                write!(f, "cat > {} <<'END'\n{text}\nEND", word(file.as_str()))
            }
            Self::Build(run) => f.write_str(&with_variable(&run.to_string())),
            Self::CheckNames(names) => {
                write!(f, "# {} must be the name of a slot", names.join(", "))
            }
            Self::Finish(files) => {
                for (index, file) in files.iter().enumerate() {
                    let end = if index == 0 { "" } else { "\n" };
                    write!(f, "{end}{file}")?;
                }
                Ok(())
            }
        }
    }
}

impl<O: NamedOutput> fmt::Display for Finish<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, output, linked, place, strip, values, is_alone } = self;
        let record =
            if strip.is_some() { "the build's record is written into it, and " } else { "" };
        let (kind, name, package) = (output.kind().crate_type(), output.name(), output.package());
        let target_name = &target.name;
        writeln!(f, "# the {kind} {name} of {package} for {target_name}: {record}it is checked")?;
        let folder = place.parent().map_or("", |folder| folder.as_str());
        writeln!(f, "mkdir -p {}", exec::quoted(folder))?;
        for cmd in bring(strip.unwrap_or(StripMode::None), target, linked, place) {
            write!(f, "{cmd}")?;
        }
        if !values.is_empty() {
            let words =
                values.iter().flat_map(|(name, value)| ["-X".into(), format!("{name}={value}")]);
            let stamp = Cmd::new("rgo-build").arg("stamp").args(words).arg(place.as_str());
            // If there are several files, only the linked files show which of them have the slot.
            let mark = if *is_alone { "" } else { "# " };
            write!(f, "\n{mark}{stamp}")?;
        }
        Ok(())
    }
}

/// Commands that make the finished file from the builder's.
fn bring(
    strip: StripMode,
    target: &Toolchain,
    linked: &Utf8PathBuf,
    place: &Utf8PathBuf,
) -> Vec<String> {
    let (from, to) = (linked.as_str(), place.as_str());
    let strip_to = |flag: &str| Cmd::new("rgo-strip").args([flag, "-o", to, from]).to_string();
    match strip {
        StripMode::None => vec![Cmd::new("cp").args([from, to]).to_string()],
        StripMode::Debug => vec![strip_to("--strip-debug")],
        StripMode::All => vec![strip_to("--strip-all")],
        StripMode::Split if target.is(Os::Darwin) => {
            let bundle = format!("{to}.dSYM");
            let dsymutil = Cmd::new("dsymutil").args(["-o", &bundle, from]);
            vec![format!("{dsymutil}\n"), strip_to("--strip-all")]
        }
        StripMode::Split => {
            let debug = format!("{to}.debug");
            let keep = Cmd::new("rgo-strip").args(["--only-keep-debug", "-o", &debug, from]);
            let note = "# a link to it goes into the program, and a map of sources beside it";
            vec![format!("{keep}  {note}\n"), strip_to("--strip-all")]
        }
    }
}

/// Quotes a path so that the shell still expands the variable of the work folder.
fn word(path: &str) -> String {
    match path.strip_prefix(WORK) {
        Some(rest) => format!("\"{WORK}\"{}", exec::quoted(rest)),
        None => exec::quoted(path),
    }
}

/// Moves the variable of the work folder out of single quotes, so that the shell expands it.
fn with_variable(line: &str) -> String {
    line.replace(&format!("'{WORK}/"), &format!("\"{WORK}\"'/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::targets::BuildOutput;
    use crate::output_kind::OutputKind;
    use crate::toolchain::by_name;

    fn finish(strip: Option<StripMode>, is_alone: bool) -> Finish<BuildOutput> {
        Finish {
            target: by_name("linux-amd64").expect("a toolchain"),
            output: BuildOutput {
                package: cargo_metadata::PackageId { repr: "path+file:///p#pkg@1.0.0".into() },
                package_name: "pkg".into(),
                name: "app".into(),
                kind: OutputKind::Bin,
                explicit: false,
                requires: Vec::new(),
            },
            linked: "/p/target/x/release/app".into(),
            place: "/p/my dist/linux-amd64/app".into(),
            strip,
            values: vec![("app::V".into(), "1 2".into())],
            is_alone,
        }
    }

    #[test]
    fn finishing_prints_as_public_commands() {
        for (strip, is_alone, expected) in [
            (
                Some(StripMode::None),
                true,
                "cp /p/target/x/release/app '/p/my dist/linux-amd64/app'",
            ),
            (
                Some(StripMode::All),
                true,
                "rgo-strip --strip-all -o '/p/my dist/linux-amd64/app' /p",
            ),
            (Some(StripMode::Debug), true, "rgo-strip --strip-debug -o "),
            (
                Some(StripMode::Split),
                true,
                "rgo-strip --only-keep-debug -o '/p/my dist/linux-amd64/app.debug' /p/target/x",
            ),
            (None, true, "# the bin app of pkg for linux-amd64: it is checked"),
            (None, true, "\nrgo-build stamp -X 'app::V=1 2' '/p/my dist/linux-amd64/app'"),
            (None, false, "\n# rgo-build stamp -X"),
        ] {
            let text = finish(strip, is_alone).to_string();
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }

    #[test]
    fn the_shell_puts_the_folder_in_its_place() {
        assert_eq!(word("$WORK/linux-amd64.json"), "\"$WORK\"/linux-amd64.json");
        assert_eq!(word("/a b/x"), "'/a b/x'");
        assert_eq!(
            with_variable("RGO_LINK_X='$WORK/x.json' cargo"),
            "RGO_LINK_X=\"$WORK\"'/x.json' cargo"
        );
    }
}
