//! The only module that starts processes.
//!
//! A command is a value ([`Cmd`]) that prints as the shell line that a person would type. `-n`
//! prints the same value, `-x` logs it, errors quote it, and this module runs it, so that the
//! printed line and the command cannot differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io;
use std::process::{Child, Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::{interrupt, secrets};

/// A command to run: a program, its arguments, and its differences from our own environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Cmd {
    /// The program: a path, or a name to find on `PATH`.
    pub program: Utf8PathBuf,
    /// The arguments, without the program.
    pub args: Vec<String>,
    /// Variables set for it.
    pub env: BTreeMap<String, String>,
    /// Variables of ours that are removed for it.
    pub env_remove: BTreeSet<String>,
    /// Its working folder; ours if `None`.
    pub cwd: Option<Utf8PathBuf>,
}

/// Why a command gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The program could not be started.
    #[error("cannot run `{program}`: {why}\n  command: {line}")]
    Start {
        /// The program.
        program: String,
        /// The whole command as a shell line.
        line: String,
        /// The system's error.
        why: io::Error,
    },
    /// The program failed.
    #[error("`{program}` failed with {status}\n  command: {line}{}", indented(.stderr))]
    Failed {
        /// The program.
        program: String,
        /// The whole command as a shell line.
        line: String,
        /// Its exit status in words.
        status: String,
        /// Its stderr, if that was captured.
        stderr: String,
    },
    /// The program printed something that is not UTF-8.
    #[error("`{program}` printed text that is not UTF-8\n  command: {line}")]
    NotUtf8 {
        /// The program.
        program: String,
        /// The whole command as a shell line.
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

    /// Sets a variable, and undoes a removal of the same name.
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

    /// Removes a variable of ours.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.env.remove(&name);
        self.env_remove.insert(name);
        self
    }

    /// Sets its working folder.
    #[must_use]
    pub fn cwd(mut self, folder: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Runs the command on our own stdin, stdout and stderr, and waits. Returns the exit code.
    /// Death by a signal gives 128 + the signal, as in shells.
    ///
    /// # Errors
    /// If it cannot be started. A failure of the program is a code, not an error.
    pub fn run(&self) -> Result<i32, ExecError> {
        let status = self.std().status().map_err(|e| self.start_error(e))?;
        interrupt::checkpoint(status);
        Ok(exit_code(status))
    }

    /// Replaces this process by the program where the system can (`exec`), so that signals reach
    /// the program itself. Elsewhere works as [`Self::run`].
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn replace(&self) -> Result<i32, ExecError> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            Err(self.start_error(self.std().exec()))
        }
        #[cfg(not(unix))]
        self.run()
    }

    /// Runs the command with an empty stdin and returns its output, whatever its exit code.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn output(&self) -> Result<Output, ExecError> {
        let output = self.output_while_stopping()?;
        interrupt::checkpoint(output.status);
        Ok(output)
    }

    /// Like [`Self::output`], but without the wait for the end of this process after a signal. The
    /// code that ends this process runs its own commands in this way.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn output_while_stopping(&self) -> Result<Output, ExecError> {
        self.std().stdin(Stdio::null()).output().map_err(|e| self.start_error(e))
    }

    /// Runs the command with an empty stdin and returns its stdout as text.
    ///
    /// # Errors
    /// If it cannot be started, fails, or prints something that is not UTF-8.
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

    /// Starts the command with an empty stdin, and with pipes for stdout and stderr that the caller
    /// must drain.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn_piped(&self) -> Result<Child, ExecError> {
        self.std()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| self.start_error(e))
    }

    /// The error for an exit code that the caller counts as a failure.
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

/// The exit code of a finished process. Death by signal N gives 128 + N, as in shells.
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

/// Quotes a word for a shell.
#[must_use]
pub fn quoted(word: &str) -> String {
    shell_words::quote(word).into_owned()
}

/// `NAME=value`, quoted for a shell.
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

/// The path of our own executable, by which other programs call us back.
///
/// # Errors
/// If the system does not report it, or it is not UTF-8.
pub fn own_executable() -> io::Result<Utf8PathBuf> {
    utf8(std::env::current_exe()?)
}

/// Converts a path of the system to UTF-8, as this crate keeps all paths.
pub(crate) fn utf8(path: std::path::PathBuf) -> io::Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the path {} is not UTF-8", path.display()),
        )
    })
}

/// Finds the program `name` on `PATH`. If `name` is a path to an existing program, returns that.
pub fn find_program(name: &str) -> Option<Utf8PathBuf> {
    let found = which::which(name).ok()?;
    Utf8PathBuf::from_path_buf(found).ok()
}

/// Makes `path` absolute against `base`, without access to the file system.
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
