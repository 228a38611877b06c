//! Lists the processes of this machine, so that an interrupted build can end those that it started.

use crate::interrupt::Processes;

/// All processes that have not exited.
///
/// ```text
/// /proc/PID/stat   PID (name, which may have spaces and parentheses) STATE PARENT …
/// ```
#[cfg(target_os = "linux")]
#[must_use]
pub fn all() -> Processes {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = |number: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let mut words = rest.split_whitespace();
        // A zombie has exited; only its parent has not waited for it yet.
        let state = words.next().filter(|state| !["Z", "X"].contains(state));
        state.and(words.next())?.parse::<u32>().ok()
    };
    numbers.filter_map(|number| Some((number, parent(&number)?))).collect()
}

/// All processes that have not exited.
#[cfg(all(unix, not(target_os = "linux")))]
#[must_use]
pub fn all() -> Processes {
    let list = crate::exec::Cmd::new("ps").args(["-axo", "pid=,ppid=,stat="]);
    let listed = list.output_while_stopping().map(|output| output.stdout).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let lines = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let numbers = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (!words.next()?.starts_with('Z')).then_some(numbers)
    });
    lines.collect()
}

/// An empty list: this system has no signals to send to processes.
#[cfg(not(unix))]
#[must_use]
pub fn all() -> Processes {
    Processes::new()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_among_all() {
        assert!(all().iter().any(|(process, _)| *process == std::process::id()));
    }
}
