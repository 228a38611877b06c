//! Keeps rgo's own results from counting as changes. go asks git whether the work tree is as it was
//! committed, and records the answer. Results in a folder that the repository does not ignore would
//! make every second build a modified one. So git gets another file of patterns for this build: the
//! user's own patterns, and rgo's results. (`git help gitignore`, `git help git`: `GIT_CONFIG_COUNT`)

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::context::Context;
use crate::cache;
use crate::environment::env;
use crate::exec::Cmd;

/// The name of the file in the build's own folder.
const NAME: &str = "git-excludes";

/// The file and its content; `None` if nothing of rgo's lies in the work tree.
pub(super) fn file(context: &Context, folder: &Utf8Path) -> Option<(Utf8PathBuf, String)> {
    let root = &context.vcs.as_ref()?.root;
    let own = std::iter::once(&context.output).chain(&context.request.own_files);
    let patterns: Vec<String> = own.filter_map(|path| pattern(path, root)).collect();
    if patterns.is_empty() {
        return None;
    }
    let user = user_patterns(root).unwrap_or_default();
    Some((folder.join(NAME), format!("{}{}", with_end(user), patterns.join("\n"))))
}

/// Makes go's git read the file.
pub(super) fn add_to(cmd: Cmd, file: &Utf8Path) -> Cmd {
    let count: usize =
        env("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok()).unwrap_or_default();
    cmd.env("GIT_CONFIG_COUNT", (count + 1).to_string())
        .env(format!("GIT_CONFIG_KEY_{count}"), "core.excludesFile")
        .env(format!("GIT_CONFIG_VALUE_{count}"), file.as_str())
}

/// The pattern for one path; `None` if it is not in the work tree.
fn pattern(path: &Utf8Path, root: &Utf8Path) -> Option<String> {
    // Git's root is a real path; the last folders of the other may not exist yet.
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(above.canonicalize_utf8().ok()?.join(rest))
    })?;
    let inside = real.strip_prefix(root).ok().filter(|inside| !inside.as_str().is_empty())?;
    let mut pattern = String::from("/");
    for letter in inside.as_str().replace('\\', "/").chars() {
        if matches!(letter, '*' | '?' | '[' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    Some(pattern)
}

/// The patterns that git reads without us.
fn user_patterns(root: &Utf8Path) -> Option<String> {
    let config =
        Cmd::new("git").args(["-C", root.as_str(), "config", "--path", "core.excludesFile"]);
    let named = config.capture().ok().map(|path| Utf8PathBuf::from(path.trim_end()));
    let path = named.or_else(|| {
        let folder = env("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty());
        let folder = folder.map(Utf8PathBuf::from);
        Some(folder.or_else(|| Some(cache::home(&env)?.join(".config")))?.join("git/ignore"))
    })?;
    fs::read_to_string(path).ok()
}

fn with_end(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_about_the_root() {
        let guard = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(guard.path()).expect("UTF-8").canonicalize_utf8();
        let root = root.expect("is there");
        for (path, expected) in [
            (root.join("dist"), Some("/dist")),
            (root.join("a/b [x]"), Some("/a/b\\ \\[x]")),
            (root.clone(), None),
            (root.join("../elsewhere"), None),
        ] {
            assert_eq!(pattern(&path, &root).as_deref(), expected, "{path}");
        }
    }
}
