//! Resolves the arguments of `--target` to toolchains.
//!
//! A spec is `os/arch[/libc]`, a toolchain's name, a Rust triple, another tool's name for the same
//! (`target_words`), a system alone for all of its processors, `host` or `all`. An
//! argument may contain several specs, separated by commas. A processor alone names no target,
//! because it could mean the host's system or every system. The functions are pure: the caller
//! passes the host's triple.

use crate::target_words::{self, Words};
use crate::toolchain::{self, Libc, Toolchain};

/// Why a spec names no toolchain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// There is no such target.
    #[error("unknown target `{spec}`")]
    Unknown {
        /// The user's spec.
        spec: String,
        /// The nearest name, or how to list all.
        hint: String,
    },
    /// It names a processor or a C library, but no system.
    #[error("`{spec}` names no system")]
    NoSystem {
        /// The user's spec.
        spec: String,
        /// Targets that the user may mean.
        hint: String,
    },
    /// One toolchain is named twice, with different floors.
    #[error("{target} is named with two floors, {first} and {second}")]
    TwoFloors {
        /// The target.
        target: String,
        /// One floor.
        first: String,
        /// The other.
        second: String,
    },
    /// The platform has no such C library.
    #[error("`{spec}` with a {libc} C library can't be built: {why}")]
    Refused {
        /// The user's spec.
        spec: String,
        /// The C library.
        libc: Libc,
        /// The reason, from the toolchain's file.
        why: String,
    },
    /// The target and `--libc` name different C libraries.
    #[error("`{spec}` names the {own} C library and --libc says {libc}")]
    Contradiction {
        /// The user's spec.
        spec: String,
        /// The libc of the toolchain that the spec names.
        own: Libc,
        /// The value of `--libc`.
        libc: Libc,
    },
    /// A list has an empty element.
    #[error("empty target in `{list}`")]
    Empty {
        /// The argument.
        list: String,
    },
}

impl SelectError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { hint, .. } | Self::NoSystem { hint, .. } => hint.clone(),
            Self::TwoFloors { .. } | Self::Contradiction { .. } => {
                "leave one of them out".to_owned()
            }
            Self::Refused { spec, libc, .. } => format!("leave `{libc}` out for {spec}"),
            Self::Empty { .. } => {
                "separate targets by one comma, as in `linux/amd64,darwin/arm64`".to_owned()
            }
        })
    }
}

/// A toolchain that `--target` selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The toolchain.
    pub toolchain: &'static Toolchain,
    /// The floor in the spec, as the user wrote it: the `2.28` of `x86_64-unknown-linux-gnu.2.28`.
    pub floor: Option<String>,
    /// Whether the user named it, rather than `all`.
    pub is_named: bool,
    /// Whether the spec names the processor: a floor in it is for this target alone.
    pub names_arch: bool,
}

/// Resolves the specs in their order, each toolchain once. Without any spec, resolves the host.
///
/// # Errors
/// See [`SelectError`].
pub fn resolve(
    specs: &[String],
    libc: Option<Libc>,
    host_triple: &str,
) -> Result<Vec<Chosen>, SelectError> {
    let host = ["host".to_owned()];
    let specs = if specs.is_empty() { &host[..] } else { specs };
    let mut chosen: Vec<Chosen> = Vec::new();
    for list in specs {
        for spec in list.split(',').map(str::trim) {
            if spec.is_empty() {
                return Err(SelectError::Empty { list: list.clone() });
            }
            let group = spec.to_ascii_lowercase();
            let spec = if ["all", "host"].contains(&&*group) { &group } else { spec };
            for one in resolve_one(spec, libc, host_triple)? {
                match chosen.iter_mut().find(|other| other.toolchain.name == one.toolchain.name) {
                    Some(other) => {
                        other.names_arch |= one.names_arch && one.floor.is_some();
                        other.floor = one_floor(other, one.floor)?;
                        other.is_named |= one.is_named;
                    }
                    None => chosen.push(one),
                }
            }
        }
    }
    Ok(chosen)
}

/// The floor of a toolchain that is named twice.
fn one_floor(first: &Chosen, second: Option<String>) -> Result<Option<String>, SelectError> {
    match (first.floor.clone(), second) {
        (Some(first_floor), Some(second)) if first_floor != second => Err(SelectError::TwoFloors {
            target: first.toolchain.spec(),
            first: first_floor,
            second,
        }),
        (first, second) => Ok(first.or(second)),
    }
}

fn resolve_one(
    spec: &str,
    libc: Option<Libc>,
    host_triple: &str,
) -> Result<Vec<Chosen>, SelectError> {
    let without_floor =
        |toolchain| Chosen { toolchain, floor: None, is_named: spec != "all", names_arch: false };
    match spec {
        // `all --libc static` means all toolchains that can link statically. Others are skipped,
        // because the user did not name them.
        "all" => Ok(toolchain::all()
            .iter()
            .filter(|t| t.all && libc.is_none_or(|libc| t.libc.contains(&libc)))
            .map(without_floor)
            .collect()),
        "host" => {
            let own = host_toolchain(host_triple).ok_or_else(|| SelectError::Unknown {
                spec: format!("host ({host_triple})"),
                hint: "this host has no toolchain of its own; name a target, `rgo-build targets` lists them".into(),
            })?;
            if libc.is_none_or(|libc| own.libc.contains(&libc)) {
                return Ok(vec![without_floor(own)]);
            }
            let words = Words {
                os: Some(own.os.name()),
                arch: Some(own.arch.name()),
                tags: own.variant.as_deref().into_iter().collect(),
                ..Words::default()
            };
            pick(spec, &words, libc).map(|toolchain| vec![without_floor(toolchain)])
        }
        _ => named(spec, libc),
    }
}

/// The toolchains that a spec's words name: one for each processor, or for the named processor
/// only.
fn named(spec: &str, libc: Option<Libc>) -> Result<Vec<Chosen>, SelectError> {
    let words = Words::read(spec);
    if !words.unknown.is_empty() || words.contradicts {
        return Err(SelectError::Unknown { spec: spec.to_owned(), hint: hint(spec, &words) });
    }
    if words.os.is_none() {
        return Err(SelectError::NoSystem { spec: spec.to_owned(), hint: hint(spec, &words) });
    }
    let mut processors: Vec<&'static str> = Vec::new();
    for toolchain in toolchain::all().iter().filter(|t| words.fit_but_for_tags(t)) {
        if !processors.contains(&toolchain.arch.name()) {
            processors.push(toolchain.arch.name());
        }
    }
    let chosen = processors.into_iter().map(|arch| {
        let of_one = Words { arch: Some(arch), ..words.clone() };
        // The hint covers all processors that the spec means.
        let toolchain = pick(spec, &of_one, libc).map_err(|error| match error {
            SelectError::Unknown { spec, .. } => {
                let hint = hint(&spec, &words);
                SelectError::Unknown { spec, hint }
            }
            other => other,
        })?;
        let names_arch = words.arch.is_some();
        Ok(Chosen { toolchain, floor: words.floor_for(toolchain), is_named: true, names_arch })
    });
    chosen.collect()
}

/// Picks the toolchain of one system and processor that agrees with the words and `--libc`. If
/// several agree, takes the one with the shortest name, which needs the fewest words.
fn pick(spec: &str, words: &Words, libc: Option<Libc>) -> Result<&'static Toolchain, SelectError> {
    // A reason of a toolchain counts if the words may mean that toolchain.
    let refusal = |libc: Libc| {
        let mut meant = toolchain::all().iter().filter(|t| words.fit_but_for_libc(t));
        meant.find_map(|t| t.refusal(libc)).map(|why| SelectError::Refused {
            spec: without(spec, libc),
            libc,
            why: why.to_owned(),
        })
    };
    let fitting: Vec<_> = toolchain::all().iter().filter(|t| words.fit(t)).collect();
    let Some(first) = fitting.first() else {
        let said = words.tags.iter().find_map(|tag| tag.parse::<Libc>().ok());
        return Err(said.and_then(refusal).unwrap_or_else(|| SelectError::Unknown {
            spec: spec.to_owned(),
            hint: hint(spec, words),
        }));
    };
    let agreeing = fitting.iter().filter(|t| libc.is_none_or(|libc| t.libc.contains(&libc)));
    match (agreeing.min_by_key(|t| t.name.len()), libc) {
        (Some(toolchain), _) => Ok(toolchain),
        (None, None) => Ok(first),
        (None, Some(libc)) => Err(refusal(libc).unwrap_or_else(|| SelectError::Contradiction {
            spec: spec.to_owned(),
            own: first.libc.first().copied().unwrap_or(Libc::Dynamic),
            libc,
        })),
    }
}

/// A spec without its C library.
fn without(spec: &str, libc: Libc) -> String {
    let libc = libc.to_string();
    let (rest, last) = spec.rsplit_once(['/', '-', '_']).unwrap_or((spec, ""));
    if last.eq_ignore_ascii_case(&libc) { rest.to_owned() } else { spec.to_owned() }
}

/// This machine as a triple of processor and system, for commands that ask no compiler.
#[must_use]
pub fn this_machine() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    format!("{}-{os}", std::env::consts::ARCH)
}

/// The toolchain of this machine: by its triple, else by its system and processor.
pub fn host_toolchain(host_triple: &str) -> Option<&'static Toolchain> {
    toolchain::by_triple(host_triple).or_else(|| {
        let arch = match host_triple.split('-').next()? {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            _ => return None,
        };
        let os = ["linux", "darwin", "windows"].into_iter().find(|os| host_triple.contains(os))?;
        toolchain::by_name(&format!("{os}-{arch}"))
    })
}

/// Suggests another spec: one that differs by a typing error, else those for the same system and
/// processor. Never suggests a target of another system or processor than the user named.
fn hint(spec: &str, words: &Words) -> String {
    const LIST: &str = "`rgo-build targets` lists all";
    let near = target_words::corrected(spec).filter(|_| !words.unknown.is_empty());
    if let Some(near) = near {
        if matches!(near.as_str(), "all" | "host") {
            return format!("did you mean `{near}`? {LIST}");
        }
        // All words are known now, so this cannot recurse into another correction.
        match named(&near, None).as_deref() {
            Ok([one]) => return format!("did you mean `{}`? {LIST}", one.toolchain.spec()),
            Ok(_) => return format!("did you mean `{near}`? {LIST}"),
            Err(_) => {}
        }
    }
    let specs = |fit: &dyn Fn(&Toolchain) -> bool| {
        let specs = toolchain::all().iter().filter(|t| fit(t)).map(Toolchain::spec);
        specs.collect::<Vec<_>>().join(", ")
    };
    match (words.os, words.arch) {
        (Some(_), _) if words.contradicts => LIST.to_owned(),
        (Some(os), Some(arch)) => {
            format!("for {os}/{arch} there are: {}", specs(&|t| words.fit_but_for_tags(t)))
        }
        (Some(os), None) => {
            format!("for {os} there are: {}", specs(&|t| t.os.name() == os && t.all))
        }
        (None, Some(_)) if words.unknown.is_empty() => {
            let fit = |t: &Toolchain| {
                words.fit_but_for_tags(t) && t.name == format!("{}-{}", t.os, t.arch)
            };
            format!("name the system too: {}", specs(&fit))
        }
        _ => LIST.to_owned(),
    }
}

#[cfg(test)]
mod tests;
