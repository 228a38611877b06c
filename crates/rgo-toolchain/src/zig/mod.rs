//! Chooses the zig that links, the first of: `RGO_ZIG`, `PATH`, the pinned Python package once rgo
//! has fetched it, `python3 -m ziglang`. If there is none, rgo fetches the pinned package.
//!
//! The user's own pip fetches it, because pip knows the user's index, proxy and certificates. rgo
//! checks the package's hash before it unpacks anything.

mod glibc;
mod provision;
mod runtimes;

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::cache::{self, Cache, CacheError, Env};
use crate::event::Event;
use crate::exec::{self, Cmd};
pub use glibc::{NewestGlibc, newest_glibc};
use provision::{Pin, Place, pin};
pub use runtimes::RuntimeFolders;

/// Why rgo has no usable zig.
#[derive(Debug, thiserror::Error)]
pub enum ZigError {
    /// The zig that the user named does not work.
    #[error("RGO_ZIG is `{command}`, which is no usable zig: {why}")]
    Named {
        /// The value of `RGO_ZIG`.
        command: String,
        /// Why it does not work.
        why: String,
    },
    /// The zig is too old.
    #[error("zig {found} at {program} is too old, {minimum} or newer is needed")]
    TooOld {
        /// The path of the zig.
        program: String,
        /// Its version.
        found: String,
        /// The oldest version that rgo supports.
        minimum: String,
        /// The pinned version, which is known to work.
        pin: String,
        /// Whether the user named it.
        named: bool,
    },
    /// There is no zig, and the user forbids fetching one.
    #[error(
        "no zig found (RGO_ZIG, PATH, `python3 -m ziglang`), and --offline forbids to fetch it"
    )]
    Offline {
        /// The version that rgo would fetch.
        pin: semver::Version,
    },
    /// The package has no wheel for this machine.
    #[error("no zig found, and the pinned package has none for this host ({host})")]
    NoWheel {
        /// The host, in zig's notation.
        host: String,
    },
    /// pip does not fetch the package.
    #[error("no zig found, and it could not be fetched: {why}")]
    Fetch {
        /// pip's message.
        why: String,
        /// The version to fetch.
        pin: semver::Version,
    },
    /// The fetched package is not the pinned one.
    #[error(
        "the package {file} is not the pinned one: its SHA-256 is {found}, not {expected}; nothing \
         of it was unpacked"
    )]
    Hash {
        /// The file name of the package.
        file: String,
        /// The SHA-256 of the package.
        found: String,
        /// The pinned SHA-256.
        expected: String,
    },
    /// The package does not unpack.
    #[error("cannot unpack {file}")]
    Unpack {
        /// The file name of the package.
        file: String,
        /// The system's error.
        source: io::Error,
    },
    /// The unpacked zig does not work.
    #[error("the zig in {folder} is not usable: {why}")]
    Unusable {
        /// The folder of the unpacked zig.
        folder: Utf8PathBuf,
        /// Why it does not work.
        why: String,
    },
    /// The cache is not usable.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A file is not readable or not writable.
    #[error("cannot provision zig")]
    Io(#[from] io::Error),
}

impl ZigError {
    /// The next step, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Named { .. } => Some("set it to zig's path, or unset it".to_owned()),
            Self::TooOld { pin, .. } => {
                Some(format!("set RGO_ZIG to another one, or unset it, and zig {pin} is fetched"))
            }
            Self::Offline { pin } => Some(format!(
                "run once without --offline, or set RGO_ZIG to zig's path, or `pip install \
                 ziglang=={pin}` (in a virtual environment)"
            )),
            Self::NoWheel { .. } => Some("install zig and set RGO_ZIG".to_owned()),
            Self::Fetch { pin, .. } => Some(format!(
                "python3 with pip fetches it (Debian: apt-get install python3-pip); or set RGO_ZIG \
                 to zig's path, {pin} is known to work"
            )),
            Self::Hash { .. } => Some(
                "look at the index that pip uses, or set RGO_ZIG to a zig that you trust"
                    .to_owned(),
            ),
            Self::Unpack { source, .. } | Self::Io(source) => cache::hint_if_full(source),
            Self::Cache(error) => error.hint(),
            Self::Unusable { .. } => Some("`rgo-build cache prune`, then build again".to_owned()),
        }
    }
}

/// The place where rgo found a zig.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZigOrigin {
    /// The variable `RGO_ZIG`.
    Named,
    /// On `PATH`.
    Path,
    /// As a Python package.
    Python,
    /// In rgo's cache.
    Provisioned,
}

impl std::fmt::Display for ZigOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ZigOrigin::Named => "RGO_ZIG",
            ZigOrigin::Path => "PATH",
            ZigOrigin::Python => "python3 -m ziglang",
            ZigOrigin::Provisioned => "rgo's cache",
        })
    }
}

/// A zig that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Zig {
    /// The program.
    pub program: Utf8PathBuf,
    /// The arguments before the subcommand.
    pub args: Vec<String>,
    /// Its version.
    pub version: semver::Version,
    /// The folder of its library: C headers and sources.
    pub lib_dir: Utf8PathBuf,
    /// The place where rgo found it.
    pub found: ZigOrigin,
}

/// The version that rgo fetches.
pub fn pinned_version() -> semver::Version {
    pin().version
}

/// zig as it will be after rgo has fetched it, and the command that fetches it.
///
/// # Errors
/// If rgo cannot fetch zig on this machine.
pub fn to_be_fetched(cache: &Cache) -> Result<(Zig, Cmd), ZigError> {
    let place = Place::new(cache);
    Ok((place.zig(), place.command()?))
}

/// Finds zig, or fetches it unless `offline`.
///
/// # Errors
/// See [`ZigError`].
pub fn discover(
    cache: &Cache,
    env: Env<'_>,
    offline: bool,
    on: &mut dyn FnMut(Event),
) -> Result<Zig, ZigError> {
    let found = find(cache, env);
    match found {
        Ok(Some(zig)) => Ok(zig),
        Ok(None) if offline => Err(ZigError::Offline { pin: pin().version }),
        // If the zig is too old, rgo still fetches another one, unless the user named the old one.
        Err(ZigError::TooOld { named: false, .. }) if !offline => fetched(cache, on),
        Ok(None) => fetched(cache, on),
        Err(error) => Err(error),
    }
}

fn fetched(cache: &Cache, on: &mut dyn FnMut(Event)) -> Result<Zig, ZigError> {
    let place = Place::new(cache);
    place.provision(cache, on)?;
    ask(&place.program(), &[], ZigOrigin::Provisioned, cache)
        .map_err(|why| ZigError::Unusable { folder: place.folder, why })
}

/// Finds an installed zig: the first in the search order that is new enough.
///
/// # Errors
/// If the zig that the user names does not work, or if all installed ones are too old.
pub fn find(cache: &Cache, env: Env<'_>) -> Result<Option<Zig>, ZigError> {
    let pin = pin();
    if let Some(command) = env("RGO_ZIG").filter(|c| !c.is_empty()) {
        return named(&command, cache).and_then(|zig| new_enough(zig, &pin)).map(Some);
    }
    let mut too_old = None;
    let on_path = || ask(&exec::find_program("zig")?, &[], ZigOrigin::Path, cache).ok();
    // Before Python, although it comes after Python when rgo fetches it. rgo fetched it because
    // Python had none, and asking Python again would start an interpreter in every build.
    let own = || {
        let place = Place::new(cache);
        let program = Some(place.program()).filter(|program| program.is_file())?;
        let zig = ask(&program, &[], ZigOrigin::Provisioned, cache).ok()?;
        cache.touch(&place.folder);
        Some(zig)
    };
    let places: [&dyn Fn() -> Option<Zig>; 3] = [&on_path, &own, &|| in_python(cache)];
    for found in places.iter().filter_map(|place| place()) {
        match new_enough(found, &pin) {
            Ok(zig) => return Ok(Some(zig)),
            Err(error) => too_old = too_old.or(Some(error)),
        }
    }
    too_old.map_or(Ok(None), Err)
}

fn new_enough(zig: Zig, pin: &Pin) -> Result<Zig, ZigError> {
    if zig.version >= pin.minimum {
        return Ok(zig);
    }
    Err(ZigError::TooOld {
        program: zig.program.to_string(),
        found: zig.version.to_string(),
        minimum: pin.minimum.to_string(),
        pin: pin.version.to_string(),
        named: zig.found == ZigOrigin::Named,
    })
}

/// Accepts a path, which may contain spaces, or a command with arguments such as `python3 -m
/// ziglang`.
fn named(command: &str, cache: &Cache) -> Result<Zig, ZigError> {
    let bad = |why: String| ZigError::Named { command: command.to_owned(), why };
    if let Some(program) = exec::find_program(command) {
        return ask(&program, &[], ZigOrigin::Named, cache).map_err(bad);
    }
    let words = shell_words::split(command).map_err(|e| bad(e.to_string()))?;
    let (first, rest) = words.split_first().ok_or_else(|| bad("it is empty".into()))?;
    let program =
        exec::find_program(first).ok_or_else(|| bad(format!("`{first}` is not a program")))?;
    ask(&program, rest, ZigOrigin::Named, cache).map_err(bad)
}

/// Finds the program inside the Python package, so that not every link starts Python first.
fn in_python(cache: &Cache) -> Option<Zig> {
    let python = exec::find_program("python3").or_else(|| exec::find_program("python"))?;
    let script = "import importlib.util as u; s = u.find_spec('ziglang'); print(list(s.submodule_search_locations)[0] if s else '')";
    let program = |folder: &str| {
        let program =
            Utf8Path::new(folder.trim()).join(format!("zig{}", std::env::consts::EXE_SUFFIX));
        (!folder.trim().is_empty() && program.is_file()).then_some(program)
    };
    // Starting Python takes longer than the rest of a build that has nothing to do, so rgo caches
    // the place of the package. It does not cache that the package is absent, which can change at
    // any time.
    let folder: String = cache
        .probe(&python, script, || {
            let folder = Cmd::new(python.clone()).args(["-c", script]).capture().map_err(|_| ())?;
            program(&folder).map(|_| folder).ok_or(())
        })
        .ok()?;
    ask(&program(&folder)?, &[], ZigOrigin::Python, cache).ok()
}

fn ask(
    program: &Utf8Path,
    args: &[String],
    found: ZigOrigin,
    cache: &Cache,
) -> Result<Zig, String> {
    let question = format!("zig env; {}", args.join(" "));
    let (version, lib_dir) = cache.probe(program, &question, || -> Result<_, String> {
        // zig answers with a path relative to its working folder.
        let root = if cfg!(windows) { None } else { Some(Utf8PathBuf::from("/")) };
        let mut cmd =
            Cmd::new(program).args(args.iter().cloned()).arg("env").env_remove("ZIG_LIB_DIR");
        cmd.cwd = root.clone();
        let (version, lib_dir) = parse_env(&cmd.capture().map_err(|e| e.to_string())?)?;
        Ok((version, exec::absolute(&root.unwrap_or_default(), Utf8Path::new(&lib_dir))))
    })?;
    let version =
        semver::Version::parse(&version).map_err(|e| format!("its version `{version}`: {e}"))?;
    Ok(Zig { program: program.to_owned(), args: args.to_vec(), version, lib_dir, found })
}

/// The version and the library folder in the output of `zig env`: JSON up to 0.14, ZON since.
fn parse_env(said: &str) -> Result<(String, String), String> {
    let field = |name: &str| {
        said.lines().find_map(|line| {
            let line = line.trim();
            let value = line
                .strip_prefix(&format!(".{name} = "))
                .or_else(|| line.strip_prefix(&format!("\"{name}\": ")))?
                .trim_end_matches(',');
            // Both formats write strings as JSON does.
            serde_json::from_str::<String>(value).ok()
        })
    };
    match (field("version"), field("lib_dir")) {
        (Some(version), Some(lib_dir)) => Ok((version, lib_dir)),
        _ => Err(format!("`zig env` says neither version nor lib_dir: {}", said.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zig_env_in_both_forms() {
        let zon = ".{\n    .zig_exe = \"/z/zig\",\n    .lib_dir = \"z/l\\\"ib\",\n    .version = \"0.15.2\",\n}\n";
        assert_eq!(parse_env(zon), Ok(("0.15.2".into(), "z/l\"ib".into())));
        let json = "{\n \"zig_exe\": \"/z/zig\",\n \"lib_dir\": \"/z/lib\",\n \"version\": \"0.13.0\",\n \"x\": 1\n}\n";
        assert_eq!(parse_env(json), Ok(("0.13.0".into(), "/z/lib".into())));
        assert!(parse_env("hello").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_zig_that_is_too_old_or_none_says_what_to_do() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let cache = Cache::at(root.join("cache")).unwrap();
        let fake = root.join("zig of old");
        fs::write(
            &fake,
            "#!/bin/sh\nprintf '.{\\n .lib_dir = \"z\",\\n .version = \"0.9.1\",\\n}\\n'\n",
        )
        .unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let env = |value: String| move |name: &str| (name == "RGO_ZIG").then(|| value.clone());
        let error = find(&cache, &env(fake.to_string())).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("zig 0.9.1") && text.contains("too old"), "{text}");
        assert!(error.hint().unwrap().starts_with("set RGO_ZIG"), "{error:?}");
        let error = find(&cache, &env("/no/zig at all".into())).unwrap_err().to_string();
        assert!(error.contains("`/no/zig` is not a program"), "{error}");
    }
}
