//! Recovers the crates of a Rust program without a list, from the source paths in its panic messages
//! and from its symbols. A crate that cannot panic leaves no path, and a strip removes the symbols:
//! crates that are found are in the program, and others may be too.
//!
//! ```text
//! …/registry/src/INDEX/NAME-VERSION/…         cargo's registry, remapped or not
//! …/rust/deps/NAME-VERSION/…                  what the standard library itself is made of
//! …/git/checkouts/REPOSITORY-HASH/REVISION/…  a git dependency: crate in a folder below
//! …/vendor/NAME-VERSION/src/….rs              cargo vendor
//! …/vendor/NAME/src/….rs                      the same, without the version
//! …/NAME-VERSION/src/….rs                     remapped by the user
//! …/crates/NAME/src/….rs                      a workspace's own
//! _RNvCs1234_4NAME…  _ZN4NAME…17h…E           symbols, without a version
//! ```
//!
//! INDEX is the registry's host and a hash. Either separator is met on every system, often both
//! in one path. Strings of a Rust program stand without anything between them, so a path is read
//! from the middle on: where it begins nobody can tell.

mod paths;
mod symbols;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use semver::Version;
use serde::Serialize;

use crate::image::regions::{self, Region};
use crate::{Confidence, Evidence, Image};

/// Different crates that are kept.
const KEPT: usize = 20_000;
/// Places in the data that look as if a crate's folder followed, and are looked at.
const LOOKED_AT: usize = 2_000_000;
/// Observations that are kept for one crate.
const OBSERVATIONS: usize = 4;

/// Where a crate's sources came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    /// The project that was built, or another that keeps its crates in a folder `crates`.
    Workspace,
    /// The standard library, or what it is made of: every Rust program has these.
    StandardLibrary,
    /// Unknown: a path was remapped, or there is no path.
    Unknown,
}

/// A crate that is in the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecoveredCrate {
    /// Its name; with underscores where only a symbol tells it.
    pub name: String,
    /// Its version; `None` where nothing tells.
    pub version: Option<Version>,
    /// Where it came from.
    pub source: CrateSource,
    /// What tells.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    pub evidence: Vec<Evidence>,
}

/// What could be recovered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecoveredCrates {
    /// The crates, by name and version.
    pub crates: Vec<RecoveredCrate>,
    /// Always true for a list that is not empty: crates that leave no trace are missing.
    pub partial: bool,
    /// There was more than is looked at or kept.
    pub truncated: bool,
}

/// Recovers the crates of an image. Empty for programs without Rust, and quicker not asked for
/// those.
#[must_use]
pub fn recovered_crates(image: &Image<'_>) -> RecoveredCrates {
    let mut found = Traces::default();
    for place in regions::loaded(image) {
        paths::read(&place, &mut found);
    }
    symbols::read(image, &mut found);
    found.conclude()
}

/// A crate's name without regard to dashes, and version.
type CrateKey = (String, Option<Version>, CrateSource);

#[derive(Default)]
struct Traces {
    crates: BTreeMap<CrateKey, (String, Vec<Evidence>)>,
    looked_at: usize,
    truncated: bool,
}

impl Traces {
    /// Takes what an anchor led to; false when enough has been looked at.
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
        // One path stands for all of a place: a crate has hundreds.
        if let Some(known) = known.iter_mut().find(|known| known.place == place) {
            known.count = known.count.saturating_add(count);
        } else if known.len() < OBSERVATIONS {
            known.push(Evidence::counted(place, &new.found, count, new.confidence));
        }
    }

    /// A path whose beginning was lost, and a name alone, add nothing to a crate that another
    /// path tells more of, but that they were seen.
    fn conclude(self) -> RecoveredCrates {
        let mut crates: Vec<RecoveredCrate> = Vec::new();
        let mut known: BTreeMap<(String, Option<Version>), usize> = BTreeMap::new();
        let (vague, told): (Vec<_>, Vec<_>) =
            self.crates.into_iter().partition(|((.., source), _)| *source == CrateSource::Unknown);
        // Versions first: without one, a name is the crate of that name.
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
            // The standard library's own copy is the last that a symbol would be of.
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

/// A crate as one path or symbol tells of it.
struct Trace<'t> {
    name: &'t str,
    version: Option<Version>,
    source: CrateSource,
    found: String,
    confidence: Confidence,
}
