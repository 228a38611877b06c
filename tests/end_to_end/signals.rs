//! A build that is told to stop: nothing of it goes on, and nothing of it stays.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::end_to_end::concurrency::fresh_cache;
use crate::support::{GoProject, Outcome, Project, has_go, native, tool, write};

/// Waits in a build script, and in a child of it.
const BUILD_SCRIPT: &str = r#"
fn main() {
    let child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let pids = format!("{} {}", std::process::id(), child.id());
    std::fs::write(std::env::var("PIDS").unwrap(), pids).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(600));
}
"#;
/// Waits where go runs the compiler. The other number is go's.
const INSTEAD_OF_COMPILER: &str = r#"#!/bin/sh
case "$*" in *-V=full*) exec "$@";; esac
echo "$$ $PPID" >"$PIDS"
exec sleep 600
"#;
const PATIENCE: Duration = Duration::from_secs(60);

/// A build that has begun to compile.
struct Running {
    _temp: tempfile::TempDir,
    cache: PathBuf,
    child: Child,
    /// The build script or compiler, and what it has started, each with the time of its start: a
    /// number alone may soon be that of another process.
    others: Vec<(u32, String)>,
}

impl Running {
    /// Of a Cargo package whose build script waits.
    fn cargo() -> Self {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = temp.path().join("project");
        let manifest = "[package]\nname = \"waits\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\
                        [workspace]\n";
        write(&folder.join("Cargo.toml"), manifest);
        write(&folder.join("src/main.rs"), "fn main() {}\n");
        write(&folder.join("build.rs"), BUILD_SCRIPT);
        let project = Project::at(&folder, "unused")
            .with_output(&temp.path().join("target"), &temp.path().join("dist"));
        Self::start(project.command(["--target", "linux/amd64"]), temp)
    }

    /// Of a Go module that is compiled by what waits.
    fn go() -> Self {
        let temp = tempfile::tempdir().expect("a folder");
        let project = GoProject::at(&temp.path().join("project"), &temp.path().join("dist"));
        write(&project.folder.join("go.mod"), "module example.com/waits\n\ngo 1.21\n");
        write(&project.folder.join("main.go"), "package main\n\nfunc main() {}\n");
        let script = temp.path().join("compiler");
        write(&script, INSTEAD_OF_COMPILER);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&script, executable).expect("set");
        let flag = format!("--go-flag=-toolexec={}", script.display());
        Self::start(project.command([".", "--target", "linux/amd64", "--vcs", "off", &flag]), temp)
    }

    /// Starts it, with `PIDS` for the file in which those that wait write their numbers.
    fn start(mut command: Command, temp: tempfile::TempDir) -> Self {
        let (cache, pids) = (temp.path().join("cache"), temp.path().join("pids"));
        fresh_cache(&cache);
        command.env("RGO_CACHE", &cache).env("PIDS", &pids);
        let mut command = heeding(&command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, as a shell gives each job.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().expect("starts");
        let started = Instant::now();
        let others = loop {
            let text = fs::read_to_string(&pids).unwrap_or_default();
            let numbers: Vec<u32> =
                text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
            if numbers.len() == 2 {
                let with_start = |number| Some((number, start_of(number)?));
                break numbers.into_iter().filter_map(with_start).collect();
            }
            assert!(child.try_wait().expect("is ours").is_none(), "the build has ended");
            assert!(started.elapsed() < PATIENCE, "nothing is compiled");
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { _temp: temp, cache, child, others }
    }

    fn signal(&self, name: &str, whole_group: bool) {
        let process = self.child.id();
        let to = if whole_group { format!("-{process}") } else { process.to_string() };
        Outcome::of(native("kill").args(["-s", name, "--", &to])).ended(0);
    }

    /// Folders of single builds in the cache.
    fn left(&self) -> usize {
        fs::read_dir(self.cache.join("work")).map_or(0, Iterator::count)
    }

    /// Those of the others that go on, once all had the time to die: a process that was signalled
    /// is there until it runs again.
    fn living(&self) -> Vec<u32> {
        let started = Instant::now();
        loop {
            let living = self.living_now();
            if living.is_empty() || started.elapsed() > PATIENCE {
                return living;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn living_now(&self) -> Vec<u32> {
        let lives = |(process, start): &&(u32, String)| start_of(*process).as_ref() == Some(start);
        self.others.iter().filter(lives).map(|(process, _)| *process).collect()
    }
}

/// When a process that has not exited began, in ticks since the system's start.
fn start_of(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let words: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    (words.first() != Some(&"Z")).then(|| words.get(19).map(|start| (*start).to_owned()))?
}

/// The same command with signals as they are for a program that a user starts: what `nohup` or a
/// shell's background job ignores, its programs ignore too.
fn heeding(command: &Command) -> Command {
    let mut env = native("env");
    if cfg!(target_os = "linux") {
        env.arg("--default-signal=HUP,INT,QUIT,TERM");
    }
    env.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => env.env(name, value),
            None => env.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        env.current_dir(folder);
    }
    env
}

/// Signals a build, or its whole group as a terminal does.
fn ends_all_and_leaves_nothing(mut running: Running, name: &str, number: i32, whole_group: bool) {
    assert_eq!(running.left(), 1);
    running.signal(name, whole_group);
    let ended = running.child.wait().expect("is ours");
    let mut said = String::new();
    let stderr = running.child.stderr.as_mut().expect("is a pipe");
    std::io::Read::read_to_string(stderr, &mut said).expect("text");
    // A shell shows 128 more.
    assert_eq!(ended.signal(), Some(number), "{name}: {ended}\n{said}");
    assert_eq!(running.living(), [0; 0], "{name}");
    assert_eq!(running.left(), 0, "{name}");
}

#[test]
fn a_signal_ends_all_that_the_build_runs_and_leaves_nothing() {
    for (name, number, whole_group) in
        [("TERM", 15, false), ("INT", 2, true), ("INT", 2, false), ("HUP", 1, false)]
    {
        ends_all_and_leaves_nothing(Running::cargo(), name, number, whole_group);
    }
}

#[test]
fn a_signal_ends_a_build_of_go_too() {
    if !has_go("signals to a Go build") {
        return;
    }
    for (name, number, whole_group) in [("TERM", 15, false), ("INT", 2, true)] {
        ends_all_and_leaves_nothing(Running::go(), name, number, whole_group);
    }
}

#[test]
fn what_a_killed_build_leaves_goes_with_the_next_prune() {
    let mut running = Running::cargo();
    running.signal("KILL", false);
    running.child.wait().expect("is ours");
    assert_eq!(running.left(), 1);
    let prune = |dry_run: &[&str]| {
        let mut prune = tool("rgo-build");
        prune.args(["cache", "prune", "--older-than", "30"]).args(dry_run);
        Outcome::of(prune.env("RGO_CACHE", &running.cache)).ended(0).stdout
    };
    assert!(prune(&["--dry-run"]).contains("work"));
    assert_eq!(running.left(), 1);
    prune(&[]);
    assert_eq!(running.left(), 0);
    for process in running.living_now() {
        Outcome::of(native("kill").args(["-9", &process.to_string()]));
    }
}

/// A dispatcher becomes the tool: a signal to it is one to the tool.
#[test]
fn the_dispatcher_is_no_process_of_its_own() {
    let mut command = tool("rgo");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    command.args(["version-m", "/dev/stdin"]).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("starts");
    let name = || fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap_or_default();
    let started = Instant::now();
    while !name().starts_with("rgo-version-m") {
        assert!(started.elapsed() < PATIENCE, "it is {}", name());
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("is ours");
    child.wait().expect("is ours");
}
