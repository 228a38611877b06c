//! Improves the tips of clap's errors. A word close to a command's name leads to that command, and
//! another tool's flag leads to ours with the same effect. clap itself suggests similar flags only,
//! and otherwise advises to pass the flag after `--`.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use rgo_toolchain::target_spec;

/// Former flags, and those of cargo and other tools: the argument that the command here must have,
/// and the flag to suggest.
const ELSEWHERE: [(&str, &str, &str); 14] = [
    ("-o", "report", "--report FORMAT=FILE"),
    ("--output", "report", "--report FORMAT=FILE"),
    ("--json", "format", "--format json"),
    ("--markdown", "format", "--format markdown"),
    ("--md", "format", "--format markdown"),
    ("--message-format", "format", "--format json"),
    ("--static", "libc", "--libc static"),
    ("--dynamic", "libc", "--libc dynamic"),
    ("--debug", "profile", "--profile dev"),
    ("--dev", "profile", "--profile dev"),
    ("--out-dir", "output", "--output DIR"),
    ("--artifact-dir", "output", "--output DIR"),
    ("--ldflags", "stamp", "-X NAME=VALUE"),
    ("--tags", "features", "--features FEATURES"),
];

/// Words of cargo and go: an argument that the command here must have, and the tip.
const WORDS: [(&str, &str, &str); 4] = [
    ("build", "run", "the program itself builds: leave the word out"),
    ("b", "run", "the program itself builds: leave the word out"),
    ("run", "run", "`--run` does this here"),
    ("r", "run", "`--run` does this here"),
];

/// Improves the tips of an error. `command` is the whole command line; `args` begins with the
/// program's name.
pub(crate) fn explained(mut error: Error, command: &Command, args: &[String]) -> Error {
    if error.kind() == ErrorKind::InvalidSubcommand {
        return with_nearest_command(error, called(command, args));
    }
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let is_dump = args.iter().any(|arg| arg.starts_with("--dump-section"));
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let asked = called(command, args);
    let tip = if is_dump && ["-o", "--output"].contains(&wrong.as_str()) {
        Some("`--dump-section NAME=FILE` does this here".to_owned())
    } else if wrong.starts_with('-') {
        flag(wrong, asked)
    } else {
        word(wrong, asked, command)
    };
    match tip {
        Some(tip) => {
            error.remove(ContextKind::SuggestedArg);
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        // clap's advice to use `--` is wrong here: only a program to run or a file name may follow
        // it.
        None => {
            error.remove(ContextKind::Suggested);
        }
    }
    error
}

/// Adds the nearest command to the error for an unknown one. `command` is the one whose commands are
/// meant: `help` and `cache` have some.
fn with_nearest_command(mut error: Error, command: &Command) -> Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let names = commands(command);
    let tip = match nearest(wrong, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the commands are {}", names.join(", ")),
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// The command or subcommand that the call names.
fn called<'c>(command: &'c Command, args: &[String]) -> &'c Command {
    let mut found = command;
    for arg in args.iter().skip(1) {
        match found.find_subcommand(arg) {
            Some(subcommand) => found = subcommand,
            None => break,
        }
    }
    found
}

fn flag(wrong: &str, command: &Command) -> Option<String> {
    let wrong = wrong.split('=').next()?;
    let (_, id, here) = ELSEWHERE.iter().find(|(elsewhere, ..)| *elsewhere == wrong)?;
    let known = command.get_arguments().any(|arg| arg.get_id() == *id);
    known.then(|| format!("`{here}` does this here"))
}

fn word(wrong: &str, asked: &Command, whole: &Command) -> Option<String> {
    let has_target =
        |command: &Command| command.get_arguments().any(|arg| arg.get_id() == "targets");
    let names = commands(whole);
    let program = whole.get_name();
    if names.is_empty() {
        return None;
    }
    if asked.get_name() == program {
        if names.iter().any(|name| name == wrong) {
            return Some(format!("`{wrong}` comes first: {program} {wrong}"));
        }
        let has = |id: &str| asked.get_arguments().any(|arg| arg.get_id() == id);
        let known = WORDS.iter().find(|(word, id, _)| *word == wrong && has(id));
        if let Some((.., tip)) = known {
            return Some((*tip).to_owned());
        }
        if let Some(near) = nearest(wrong, &names) {
            return Some(format!("did you mean `{program} {near}`?"));
        }
    }
    if has_target(asked) && target_spec::resolve(&[wrong.to_owned()], None, "").is_ok() {
        return Some(format!("targets are named by --target {wrong}"));
    }
    (asked.get_name() == program).then(|| format!("the commands are {}", names.join(", ")))
}

/// The name nearest to the user's word, if it is close enough.
pub(crate) fn nearest<'n>(typed: &str, names: &'n [String]) -> Option<&'n str> {
    rgo_report::nearest(typed, names.iter().map(|name| (name.as_str(), name.as_str())))
}

/// The names of all subcommands except clap's own.
pub(crate) fn commands(command: &Command) -> Vec<String> {
    let names = command.get_subcommands().map(Command::get_name).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::args::Build;
    use crate::strip::args::StripArgs;
    use crate::version_m::args::VersionM;
    use clap::Parser;

    fn said<P: Parser>(line: &str) -> String {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let Err(error) = P::try_parse_from(&args) else { panic!("{line} is right") };
        explained(error, &P::command(), &args).to_string()
    }

    #[test]
    fn mistyped_words_get_the_nearest_one() {
        for (line, tip) in [
            ("rgo-build doctr", "did you mean `rgo-build doctor`?"),
            ("rgo-build target", "did you mean `rgo-build targets`?"),
            ("rgo-build stmp x", "did you mean `rgo-build stamp`?"),
            ("rgo-build help doctr", "did you mean `doctor`?"),
            ("rgo-build help foo", "the commands are stamp, targets, doctor, env, cache"),
            ("rgo-build cache clear", "the commands are ls, prune"),
            ("rgo-build cache pruen", "did you mean `prune`?"),
            ("rgo-build build", "the program itself builds: leave the word out"),
            ("rgo-build run", "`--run` does this here"),
            ("rgo-build -v doctor", "`doctor` comes first: rgo-build doctor"),
            ("rgo-build foo", "the commands are stamp, targets, doctor, env, cache"),
            ("rgo-build linux/amd64", "targets are named by --target linux/amd64"),
            ("rgo-build doctor mac", "targets are named by --target mac"),
            ("rgo-build --json", "`--format json` does this here"),
            ("rgo-build --json=x", "`--format json` does this here"),
            ("rgo-build doctor --json", "`--format json` does this here"),
            ("rgo-build --static", "`--libc static` does this here"),
            ("rgo-build --targt all", "a similar argument exists: '--target'"),
        ] {
            let said = said::<Build>(line);
            assert!(said.contains(&format!("tip: {tip}\n")), "{line}: {said}");
            assert!(!said.contains("as a value"), "{line}: {said}");
        }
        for line in ["rgo-version-m -o out.csv x", "rgo-version-m --output=out.csv x"] {
            assert!(said::<VersionM>(line).contains("tip: `--report FORMAT=FILE` does this here"));
        }
        let line = "rgo-version-m --dump-section .text -o text x";
        assert!(said::<VersionM>(line).contains("tip: `--dump-section NAME=FILE` does this here"));
        assert!(said::<StripArgs>("rgo-strip --json x").contains("tip: `--format json` does"));
    }

    #[test]
    fn what_is_like_nothing_gets_no_tip() {
        for line in ["rgo-build --zzz", "rgo-build targets x", "rgo-build doctor --static"] {
            let said = said::<Build>(line);
            assert!(!said.contains("tip:"), "{line}: {said}");
        }
    }
}
