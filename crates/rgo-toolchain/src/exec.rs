//! The one place that starts processes.
//!
//! A command is a value ([`Cmd`]) that prints as the shell line a person would type: the same value is shown by
//! `--dry-run`, logged by `-x`, quoted in errors and run here, so that what is shown is what is done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io;
use std::process::{Child, Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::{interrupt, secrets};

/// A command to run: a program, its arguments, and what differs from our own environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Cmd {
    /// What is run: a path, or a name to be found on `PATH`.
    pub program: Utf8PathBuf,
    /// The arguments, without the program.
    pub args: Vec<String>,
    /// Variables set for it.
    pub env: BTreeMap<String, String>,
    /// Variables of ours that it must not see.
    pub env_remove: BTreeSet<String>,
    /// The folder it runs in; ours if `None`.
    pub cwd: Option<Utf8PathBuf>,
}

/// Why a command gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// It could not be started.
    #[error("cannot run `{program}`: {why}\n  command: {line}")]
    Start {
        /// The program asked for.
        program: String,
        /// The whole command as shell.
        line: String,
        /// The system's reason.
        why: io::Error,
    },
    /// It ran and said that it failed.
    #[error("`{program}` failed with {status}\n  command: {line}{}", indented(.stderr))]
    Failed {
        /// The program that ran.
        program: String,
        /// The whole command as shell.
        line: String,
        /// The status in words.
        status: String,
        /// What it wrote to stderr, if that was captured.
        stderr: String,
    },
    /// It printed something that is not UTF-8 where text was expected.
    #[error("`{program}` printed text that is not UTF-8\n  command: {line}")]
    NotUtf8 {
        /// The program that ran.
        program: String,
        /// The whole command as shell.
        line: String,
    },
}

impl Cmd {
    /// A command without arguments.
    pub fn new(program: impl Into<Utf8PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            env_remove: BTreeSet::new(),
            cwd: None,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable; a removal of the same name is undone.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.env_remove.remove(&name);
        self.env.insert(name, value.into());
        self
    }

    /// Sets several variables.
    #[must_use]
    pub fn envs<K: Into<String>, V: Into<String>>(
        mut self,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (name, value) in vars {
            self = self.env(name, value);
        }
        self
    }

    /// Hides a variable of ours.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.env.remove(&name);
        self.env_remove.insert(name);
        self
    }

    /// Sets the folder it runs in.
    #[must_use]
    pub fn cwd(mut self, folder: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Runs it on our own stdin, stdout and stderr and waits. Gives the exit code; a death by signal is
    /// 128 + the signal, as shells have it.
    ///
    /// # Errors
    /// When it can't be started. That it failed is a code, not an error.
    pub fn run(&self) -> Result<i32, ExecError> {
        let status = self.std().status().map_err(|e| self.start_error(e))?;
        interrupt::checkpoint();
        Ok(exit_code(status))
    }

    /// Becomes this program, where the system knows that; else runs it as [`Self::run`] does. Signals
    /// then reach the program itself.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn replace(&self) -> Result<i32, ExecError> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            Err(self.start_error(self.std().exec()))
        }
        #[cfg(not(unix))]
        self.run()
    }

    /// Runs it with stdin closed and gives what it printed, whatever its exit code.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn output(&self) -> Result<Output, ExecError> {
        let output = self.output_while_stopping()?;
        interrupt::checkpoint();
        Ok(output)
    }

    /// As [`Self::output`], for what ends this process: it does not wait for that end itself.
    ///
    /// # Errors
    /// When it can't be started.
    pub(crate) fn output_while_stopping(&self) -> Result<Output, ExecError> {
        self.std().stdin(Stdio::null()).output().map_err(|e| self.start_error(e))
    }

    /// Runs it with stdin closed and gives its stdout as text.
    ///
    /// # Errors
    /// When it can't be started, fails, or prints what is not UTF-8.
    pub fn capture(&self) -> Result<String, ExecError> {
        let output = self.output()?;
        if !output.status.success() {
            return Err(self.failed(exit_code(output.status), &output.stderr));
        }
        String::from_utf8(output.stdout).map_err(|_| ExecError::NotUtf8 {
            program: self.program.to_string(),
            line: self.to_string(),
        })
    }

    /// Starts it with stdin closed and stdout and stderr as pipes that the caller must drain.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn spawn_piped(&self) -> Result<Child, ExecError> {
        self.std()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| self.start_error(e))
    }

    /// The error for an exit code that the caller has judged to be a failure.
    pub fn failed(&self, code: i32, stderr: &[u8]) -> ExecError {
        ExecError::Failed {
            program: self.program.to_string(),
            line: self.to_string(),
            status: format!("exit code {code}"),
            stderr: secrets::hidden(String::from_utf8_lossy(stderr).trim_end()),
        }
    }

    fn start_error(&self, why: io::Error) -> ExecError {
        ExecError::Start { program: self.program.to_string(), line: self.to_string(), why }
    }

    #[allow(clippy::disallowed_methods)] // This is the place.
    fn std(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(&self.env);
        for name in &self.env_remove {
            command.env_remove(name);
        }
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }
}

/// The exit code of a finished process; a death by signal N is 128 + N, as shells have it.
pub fn exit_code(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(1)
}

fn indented(stderr: &str) -> String {
    stderr.lines().map(|line| format!("\n  | {line}")).collect()
}

/// `NAME=value` as a shell reads it.
#[must_use]
pub fn assignment(name: &str, value: &str) -> String {
    format!("{name}={}", shell_words::quote(value))
}

/// A shell line: `cd DIR && env -u GONE NAME=value program args`, without credentials.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        self.write(&mut line)?;
        f.write_str(&secrets::hidden(&line))
    }
}

impl Cmd {
    fn write(&self, f: &mut String) -> fmt::Result {
        if let Some(cwd) = &self.cwd {
            write!(f, "cd {} && ", shell_words::quote(cwd.as_str()))?;
        }
        if !self.env_remove.is_empty() {
            write!(f, "env")?;
            for name in &self.env_remove {
                write!(f, " -u {}", shell_words::quote(name))?;
            }
            write!(f, " ")?;
        }
        for (name, value) in &self.env {
            let value = if secrets::is_secret(name) { "***" } else { value };
            write!(f, "{name}={} ", shell_words::quote(value))?;
        }
        write!(f, "{}", shell_words::quote(self.program.as_str()))?;
        let mut before = "";
        for arg in &self.args {
            let shown = if before == "--config" { secrets::setting(arg) } else { arg.clone() };
            write!(f, " {}", shell_words::quote(&shown))?;
            before = arg;
        }
        Ok(())
    }
}

/// Our own executable, whose path other programs are told to call us back by.
///
/// # Errors
/// When the system doesn't tell, or the path is not UTF-8.
pub fn own_executable() -> io::Result<Utf8PathBuf> {
    utf8(std::env::current_exe()?)
}

/// A path of the system's as UTF-8, which is what this crate works with.
pub(crate) fn utf8(path: std::path::PathBuf) -> io::Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the path {} is not UTF-8", path.display()),
        )
    })
}

/// The program `name` on `PATH`, or the path itself if `name` is one that exists.
pub fn find_program(name: &str) -> Option<Utf8PathBuf> {
    let found = which::which(name).ok()?;
    Utf8PathBuf::from_path_buf(found).ok()
}

/// `path` made absolute against `base`, without asking the file system.
pub(crate) fn absolute(base: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    if path.is_absolute() { path.to_owned() } else { base.join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_as_shell() {
        let table = [
            (Cmd::new("cargo").arg("build"), "cargo build"),
            (Cmd::new("/a b/cargo").args(["-p", "x y"]), "'/a b/cargo' -p 'x y'"),
            (
                Cmd::new("cc").env("A", "1 2").env("B", "").cwd("/tmp/ü x"),
                "cd '/tmp/ü x' && A='1 2' B='' cc",
            ),
            (Cmd::new("cc").env("RUSTC", "r").env_remove("CARGO"), "env -u CARGO RUSTC=r cc"),
            (Cmd::new("x").arg("it's").arg("$HOME"), r"x 'it'\''s' '$HOME'"),
            (Cmd::new("x").env_remove("A").env("A", "1"), "A=1 x"),
        ];
        for (cmd, expected) in table {
            assert_eq!(cmd.to_string(), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_shows_the_line_and_the_words() {
        let error = Cmd::new("sh").args(["-c", "echo no such >&2; exit 3"]).capture().unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("exit code 3") && text.contains("| no such") && text.contains("sh -c "),
            "{text}"
        );
        assert_eq!(Cmd::new("sh").args(["-c", "kill -9 $$"]).run().unwrap(), 137);
        let missing = Cmd::new("/no/such/program").run().unwrap_err();
        assert!(missing.to_string().contains("cannot run `/no/such/program`"), "{missing}");
    }

    proptest! {
        #[test]
        fn the_shell_line_reads_back(program in "[^\0]{1,12}", args in proptest::collection::vec("[^\0]{0,12}", 0..5)) {
            let words = shell_words::split(&Cmd::new(program.as_str()).args(args.clone()).to_string()).unwrap();
            prop_assert_eq!(&words[0], &program);
            prop_assert_eq!(&words[1..], &args[..]);
        }

        #[cfg(unix)]
        #[test]
        fn a_real_shell_reads_it_too(value in "[^\0]{0,16}") {
            let line = Cmd::new("printf").args(["%s", value.as_str()]).env("RGO_TEST", value.clone()).to_string();
            let got = Cmd::new("sh").args(["-c", line.as_str()]).capture().unwrap();
            prop_assert_eq!(got, value);
        }
    }
}
