//! Resolves the strip and debug settings of a cargo profile.
//!
//! rgo builds with `strip = "none"` and strips afterwards itself, so it has to know what cargo
//! would have stripped. Sources, the strongest first; each may set one key of one profile:
//!
//! ```text
//! --config KEY=VALUE  >  CARGO_PROFILE_<NAME>_<KEY>  >  .cargo/config.toml, inner to outer
//!                     >  [profile.<name>] of the workspace's manifest  >  the profile it inherits
//! ```

use toml::{Table, Value};

use crate::request::DebugInfo;

/// What to leave out of a finished program, in cargo's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileStrip {
    /// Nothing.
    None,
    /// Debug data.
    DebugInfo,
    /// Debug data and symbols.
    Symbols,
}

/// The places that can set a key of a profile.
pub struct Sources<'a> {
    /// The values of `--config`, the last one first.
    pub cli: &'a [Table],
    /// The configuration files, from the project's folder outwards.
    pub files: &'a [Table],
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The manifest at the root of the workspace.
    pub manifest: &'a Table,
}

/// The effective settings of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileFacts {
    /// What to strip.
    pub strip: ProfileStrip,
    /// How much debug data to make.
    pub debug: DebugInfo,
}

/// Resolves the settings of the profile `name`, as `cargo build --profile name` would.
#[must_use]
pub fn resolve(name: &str, sources: &Sources<'_>) -> ProfileFacts {
    let debug = sources.lookup(name, "debug").map_or(
        if base(name, sources) == "dev" { DebugInfo::Full } else { DebugInfo::None },
        |value| debug(&value),
    );
    let strip = sources.lookup(name, "strip").map_or(
        // Cargo's own default: a program without debug data loses the standard library's too.
        if debug == DebugInfo::None { ProfileStrip::DebugInfo } else { ProfileStrip::None },
        |value| strip(&value),
    );
    ProfileFacts { strip, debug }
}

/// The name under which cargo reads a profile's settings from the environment.
#[must_use]
pub fn env_name(profile: &str, key: &str) -> String {
    let profile = profile.to_uppercase().replace('-', "_");
    format!("CARGO_PROFILE_{profile}_{}", key.to_uppercase())
}

/// The longest chain of profiles that inherit from each other; cargo itself refuses a cycle.
const MAX_INHERITANCE: usize = 16;

impl Sources<'_> {
    fn lookup(&self, name: &str, key: &str) -> Option<Value> {
        let mut name = name.to_owned();
        for _ in 0..MAX_INHERITANCE {
            if let Some(value) = self.own(&name, key) {
                return Some(value);
            }
            name = self.own(&name, "inherits")?.as_str()?.to_owned();
        }
        None
    }

    fn own(&self, name: &str, key: &str) -> Option<Value> {
        let env = || (self.env)(&env_name(name, key)).map(|text| scalar(&text));
        let of = |tables: &[Table]| tables.iter().find_map(|table| get(table, name, key));
        of(self.cli)
            .or_else(env)
            .or_else(|| of(self.files))
            .or_else(|| get(self.manifest, name, key))
    }
}

fn get(table: &Table, name: &str, key: &str) -> Option<Value> {
    table.get("profile")?.get(name)?.get(key).cloned()
}

fn base(name: &str, sources: &Sources<'_>) -> String {
    let mut name = name.to_owned();
    for _ in 0..MAX_INHERITANCE {
        match sources.own(&name, "inherits") {
            Some(Value::String(parent)) => name = parent,
            _ => break,
        }
    }
    if name == "test" { "dev".to_owned() } else { name }
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer),
    }
}

fn debug(value: &Value) -> DebugInfo {
    match value {
        Value::Boolean(false) | Value::Integer(0) => DebugInfo::None,
        Value::Integer(1) => DebugInfo::Lines,
        Value::String(text) => match text.as_str() {
            "none" => DebugInfo::None,
            "limited" | "line-tables-only" | "line-directives-only" => DebugInfo::Lines,
            _ => DebugInfo::Full,
        },
        _ => DebugInfo::Full,
    }
}

fn strip(value: &Value) -> ProfileStrip {
    match value {
        Value::Boolean(true) => ProfileStrip::Symbols,
        Value::String(text) if text == "symbols" => ProfileStrip::Symbols,
        Value::String(text) if text == "debuginfo" => ProfileStrip::DebugInfo,
        _ => ProfileStrip::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, manifest: &str, config: &str, env: &[(&str, &str)]) -> ProfileFacts {
        let find = |key: &str| {
            env.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        };
        resolve(
            name,
            &Sources {
                cli: &[],
                files: &[config.parse().expect("toml")],
                env: &find,
                manifest: &manifest.parse().expect("toml"),
            },
        )
    }

    #[test]
    fn the_strongest_source_wins() {
        use DebugInfo as D;
        use ProfileStrip as S;
        let none: &[(&str, &str)] = &[];
        for (name, manifest, config, env, strip, debug) in [
            ("release", "", "", none, S::DebugInfo, D::None),
            ("dev", "", "", none, S::None, D::Full),
            ("release", "profile.release.strip = true", "", none, S::Symbols, D::None),
            ("release", "profile.release.debug = 1", "", none, S::None, D::Lines),
            (
                "release",
                "profile.release.strip = true",
                "profile.release.strip = 'none'",
                none,
                S::None,
                D::None,
            ),
            (
                "release",
                "",
                "profile.release.strip = 'none'",
                &[("CARGO_PROFILE_RELEASE_STRIP", "symbols")],
                S::Symbols,
                D::None,
            ),
            (
                "my-dist",
                "profile.my-dist.inherits = 'release'\nprofile.release.debug = 'full'",
                "",
                none,
                S::None,
                D::Full,
            ),
            (
                "my-dist",
                "profile.my-dist.inherits = 'release'",
                "",
                &[("CARGO_PROFILE_MY_DIST_DEBUG", "line-tables-only")],
                S::None,
                D::Lines,
            ),
            ("loop", "profile.loop.inherits = 'loop'", "", none, S::DebugInfo, D::None),
        ] {
            let found = facts(name, manifest, config, env);
            assert_eq!(found, ProfileFacts { strip, debug }, "{name} {manifest} {config}");
        }
    }

    #[test]
    fn the_command_line_is_stronger_than_the_environment() {
        let cli: Table = "profile.release.strip = 'debuginfo'".parse().expect("toml");
        let facts = resolve(
            "release",
            &Sources {
                cli: &[cli],
                files: &[],
                env: &|_| Some("symbols".to_owned()),
                manifest: &Table::new(),
            },
        );
        assert_eq!(facts.strip, ProfileStrip::DebugInfo);
    }
}
