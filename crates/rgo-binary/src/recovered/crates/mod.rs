//! Recovers the crates of a Rust program without a dependency list, from the source paths in its
//! panic messages and from its symbols. A crate that cannot panic leaves no path, and a strip
//! removes the symbols. So each crate found is in the program, but the list may be incomplete.
//!
//! ```text
//! …/registry/src/INDEX/NAME-VERSION/…         cargo's registry, remapped or not
//! …/rust/deps/NAME-VERSION/…                  dependencies of the standard library itself
//! …/git/checkouts/REPOSITORY-HASH/REVISION/…  a git dependency: crate in a folder below
//! …/vendor/NAME-VERSION/src/….rs              cargo vendor
//! …/vendor/NAME/src/….rs                      the same, without the version
//! …/NAME-VERSION/src/….rs                     remapped by the user
//! …/crates/NAME/src/….rs                      a workspace's own
//! _RNvCs1234_4NAME…  _ZN4NAME…17h…E           symbols, without a version
//! ```
//!
//! INDEX is the registry's host and a hash. Both separators occur on every system, often in one
//! path. Strings of a Rust program have no separator, so the start of a path is unknown and the
//! reader starts at a known part in its middle.

mod paths;
mod symbols;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;

use crate::image::regions::{self, Region};
use crate::{Confidence, Evidence, Image};

/// The most different crates kept.
const KEPT: usize = 20_000;
/// The most anchors examined: places that look like a part of a crate's path.
const LOOKED_AT: usize = 2_000_000;
/// The most observations kept for one crate.
const OBSERVATIONS: usize = 4;

/// The origin of a crate's sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CrateSource {
    /// A registry, by the name of cargo's folder for it.
    Registry {
        /// The registry's host and a hash: `index.example.org-1949cf8c6b5b557f`.
        index: String,
    },
    /// A git repository.
    Git {
        /// The last part of its URL.
        repository: String,
        /// The commit, shortened.
        revision: String,
    },
    /// A folder of vendored crates.
    Vendored,
    /// The built project, or another one that keeps its crates in a folder `crates`.
    Workspace,
    /// The standard library or its dependencies, which every Rust program has.
    StandardLibrary,
    /// Unknown: a path was remapped, or there is no path.
    Unknown,
}

/// A crate that is in the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RecoveredCrate {
    /// Its name. If only a symbol shows it, with underscores.
    pub name: String,
    /// Its version; `None` if only a name was found.
    pub version: Option<Version>,
    /// Where it came from.
    pub source: CrateSource,
    /// The paths or symbols that name it.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    #[schemars(schema_with = "crate::evidence::all_schema")]
    pub evidence: Vec<Evidence>,
}

/// The recovered crates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RecoveredCrates {
    /// The crates, by name and version.
    pub crates: Vec<RecoveredCrate>,
    /// True for every list that is not empty: crates without a trace are missing.
    pub partial: bool,
    /// There were more traces than the limits allow.
    pub truncated: bool,
}

/// Recovers the crates of an image. Empty for programs without Rust; the search takes long, so a
/// caller should skip it for these.
#[must_use]
pub fn recovered_crates(image: &Image<'_>) -> RecoveredCrates {
    let mut found = Traces::default();
    for place in regions::loaded(image) {
        paths::read(&place, &mut found);
    }
    symbols::read(image, &mut found);
    found.conclude()
}

/// A crate's name with dashes and underscores unified, version and source.
type CrateKey = (String, Option<Version>, CrateSource);

#[derive(Default)]
struct Traces {
    crates: BTreeMap<CrateKey, (String, Vec<Evidence>)>,
    looked_at: usize,
    truncated: bool,
}

impl Traces {
    /// Adds a trace. Returns false after the limit of examined anchors.
    fn look(&mut self, trace: Option<Trace<'_>>, place: &Region<'_>) -> bool {
        self.looked_at += 1;
        self.truncated |= self.looked_at > LOOKED_AT;
        if let Some(trace) = trace {
            self.add(trace, place.name, 1);
        }
        self.looked_at <= LOOKED_AT
    }

    fn add(&mut self, new: Trace<'_>, place: &str, count: u64) {
        let key = (new.name.replace('-', "_"), new.version, new.source);
        if self.crates.len() >= KEPT && !self.crates.contains_key(&key) {
            self.truncated = true;
            return;
        }
        let (_, known) =
            self.crates.entry(key).or_insert_with(|| (new.name.to_owned(), Vec::new()));
        // A crate has hundreds of paths; one represents all in a region.
        if let Some(known) = known.iter_mut().find(|known| known.place == place) {
            known.count = known.count.saturating_add(count);
        } else if known.len() < OBSERVATIONS {
            known.push(Evidence::counted(place, &new.found, count, new.confidence));
        }
    }

    /// Merges traces into crates. A path without its start, or a name alone, only adds evidence to
    /// a crate that a complete path names.
    fn conclude(self) -> RecoveredCrates {
        let mut crates: Vec<RecoveredCrate> = Vec::new();
        let mut known: BTreeMap<(String, Option<Version>), usize> = BTreeMap::new();
        let (vague, told): (Vec<_>, Vec<_>) =
            self.crates.into_iter().partition(|((.., source), _)| *source == CrateSource::Unknown);
        // Traces with a version come first, so that a bare name joins a crate with that name.
        let (named, vague): (Vec<_>, Vec<_>) =
            vague.into_iter().partition(|((_, version, _), _)| version.is_none());
        for ((bare, version, source), (name, evidence)) in
            told.into_iter().chain(vague).chain(named)
        {
            let same = (source == CrateSource::Unknown)
                .then(|| known.get(&(bare.clone(), version.clone())).copied())
                .flatten();
            if let Some(it) = same.and_then(|at| crates.get_mut(at)) {
                if version.is_none() {
                    it.evidence.extend(evidence);
                }
                continue;
            }
            // A bare name joins the standard library's copy of a crate only if there is no other.
            let unnamed = known.entry((bare.clone(), None)).or_insert(crates.len());
            if source != CrateSource::StandardLibrary {
                *unnamed = crates.len();
            }
            known.insert((bare, version.clone()), crates.len());
            crates.push(RecoveredCrate { name, version, source, evidence });
        }
        crates.sort_by(|one, other| {
            (&one.name, &one.version, &one.source).cmp(&(
                &other.name,
                &other.version,
                &other.source,
            ))
        });
        RecoveredCrates { partial: !crates.is_empty(), crates, truncated: self.truncated }
    }
}

/// One path's or symbol's information about a crate.
struct Trace<'t> {
    name: &'t str,
    version: Option<Version>,
    source: CrateSource,
    found: String,
    confidence: Confidence,
}
