//! The text of `-vV`: what a report of a fault has to name.

use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Limits, slices};
use rgo_files::mmap;
use rgo_toolchain::{exec, zig};

use super::message::MESSAGE;

/// Whether a call asks `rgo` itself, which has no options besides, for its version.
pub(crate) fn is_asked(args: &[String]) -> bool {
    let is_known =
        |arg: &String| ["-V", "--version", "-v", "--verbose", "-vV", "-Vv"].contains(&arg.as_str());
    args.iter().all(is_known) && args.iter().any(|arg| arg == "--version" || arg.contains('V'))
}

/// Whether a call asks for the long text: `-vV`, or `-V` beside `-v`.
pub(crate) fn is_long(words: &[String]) -> bool {
    let is_verbose = |word: &str| {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        word == "--verbose" || letters.is_some_and(|it| it.contains('v') && it.len() <= 2)
    };
    words.iter().any(|word| is_verbose(word))
}

/// The version of a tool, the commit it was built from, its host, the zig that it would fetch, and
/// the schemas of its JSON.
pub(crate) fn long(tool: &str, schemas: &[&str]) -> String {
    format!(
        "{tool} {}\ncommit: {}\nhost: {}\nzig: {} (pinned)\nschemas: {}\n",
        env!("CARGO_PKG_VERSION"),
        commit().unwrap_or_else(|| "unknown: no build note names one".to_owned()),
        host(),
        zig::pinned_version(),
        [schemas, &[MESSAGE]].concat().join(", "),
    )
}

/// The commit in this program's own build note.
fn commit() -> Option<String> {
    let program = mmap::map(exec::own_executable().ok()?.as_std_path()).ok()?;
    let slices = slices(&program, &Limits::default()).ok()?;
    let note = slices.iter().find_map(|slice| rgo_note::find(&slice.image).ok().flatten())?;
    let info = BuildInfo::parse(note.text).ok()?;
    let modified = match info.setting("vcs.modified") {
        Some("true") => " with changes",
        _ => "",
    };
    Some(format!("{}{modified}", info.setting("vcs.revision")?))
}

/// The platform of this program, as `--target` names it.
fn host() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}/{arch}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_asks_for_the_long_text_in_several_ways() {
        let long = |line: &str| is_long(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for line in ["-vV", "-Vv", "-v -V", "--verbose --version", "--version -v"] {
            assert!(long(line), "{line}");
        }
        for line in ["-V", "--version"] {
            assert!(!long(line), "{line}");
        }
    }
}
