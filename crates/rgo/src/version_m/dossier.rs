//! All that is known of one image: what it says outright, what can be recovered where it says
//! nothing, and, if they are wanted, the facts that every image has.

use rgo_binary::recovered::crates::{
    CrateSource, RecoveredCrate, RecoveredCrates, recovered_crates,
};
use rgo_binary::recovered::go::{self, Recovered};
use rgo_binary::recovered::origin::{self, Language, Origin, Role, Tool};
use rgo_binary::{Confidence, Endian, Error, Image};
use rgo_report::printable;
use serde::Serialize;

use super::details::Details;
use super::said::{Said, Source};
use rgo_files::walk::{Layer, Name};

/// Compilers that are named in the place of a toolchain.
const NAMED: usize = 3;

/// What is known of one image.
#[derive(Debug, Serialize)]
pub(super) struct Dossier {
    /// The file on disk; `-` for stdin.
    pub(super) file: String,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member: Option<String>,
    /// The architecture, if the file has several.
    pub(super) slice: Option<String>,
    /// `elf`, `macho` or `pe`.
    pub(super) format: String,
    /// The instruction set, by GOARCH's name where Go has one.
    pub(super) arch: String,
    /// The byte order.
    pub(super) endian: Endian,
    /// What it says itself.
    #[serde(flatten)]
    pub(super) said: Option<Said>,
    /// What made it, as far as it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin>,
    /// What a Go program tells that says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovered_go: Option<Recovered>,
    /// What a Rust program tells that says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovered_crates: Option<RecoveredCrates>,
    /// The facts of every image, if they are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) facts: Option<Details>,
    /// The layers of container images that it is from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) layers: Vec<Layer>,
    /// What could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) problems: Vec<String>,
}

impl Dossier {
    /// Reads an image. With `details`, all that can be told of it.
    ///
    /// # Errors
    /// If what it says is damaged, and there is nothing else to answer with.
    pub(super) fn read(
        slice: Option<String>,
        image: &Image<'_>,
        details: bool,
    ) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut said = match Said::read(image) {
            Err(error) if !details => return Err(error),
            Err(error) => {
                problems.push(error.to_string());
                None
            }
            Ok(said) => said,
        };
        let facts = details.then(|| {
            let recorded = said
                .as_ref()
                .and_then(|said| said.info.setting("GOOS").or_else(|| said.info.setting("target")));
            Details::read(image, recorded, &mut problems)
        });
        let origin = (said.is_none() || details).then(|| origin::origin(image));
        if let Some(said) = said.as_mut().filter(|said| said.source == Source::DepV0) {
            // The dependency list names no compiler.
            let known = origin.as_ref().map(|origin| origin.rust.clone());
            let known = known.unwrap_or_else(|| origin::rust_toolchains(image));
            let version = known.into_iter().find_map(|rust| rust.version);
            let version = version.unwrap_or_else(|| "(version not recorded)".to_owned());
            said.info.toolchain = format!("rustc {version}");
        }
        let mut recovered_go = None;
        let mut crates = None;
        if said.is_none() {
            recovered_go = go::recovered(image).unwrap_or_else(|error| {
                problems.push(error.to_string());
                None
            });
            // It takes long, and only Rust programs have any.
            let rust = |origin: &Origin| {
                origin.languages.iter().any(|used| used.language == Language::Rust)
            };
            if recovered_go.is_none() && origin.as_ref().is_some_and(rust) {
                crates = Some(recovered_crates(image)).filter(|found| !found.crates.is_empty());
            }
        }
        let mut dossier = Self {
            file: String::new(),
            member: None,
            slice,
            format: image.format().to_string(),
            arch: image.arch().to_string(),
            endian: image.endian(),
            said,
            origin,
            recovered_go,
            recovered_crates: crates,
            facts,
            layers: Vec::new(),
            problems,
        };
        let toolchain = dossier.toolchain();
        let runs_on = dossier.facts.as_mut().and_then(|facts| facts.runs_on.as_mut());
        if let (Some(runs_on), Some(toolchain)) = (runs_on, &toolchain) {
            runs_on.weigh_toolchain(toolchain);
        }
        Ok(dossier)
    }

    /// The same image by the name that it was found under.
    pub(super) fn at(self, name: &Name, layers: &[Layer]) -> Self {
        let members = name.members();
        Self {
            file: name.file().to_string_lossy().into_owned(),
            member: (!members.is_empty()).then(|| members.join("!")),
            layers: layers.to_vec(),
            ..self
        }
    }

    /// The container image and the layer that it is in, in words.
    pub(super) fn image(&self) -> Option<String> {
        Layer::describe(&self.layers)
    }

    /// Its name: the file, the member, the slice, the container image.
    pub(super) fn name(&self) -> String {
        let mut name = self.file.clone();
        if let Some(member) = &self.member {
            name += &format!("!{member}");
        }
        if let Some(slice) = &self.slice {
            name += &format!(" ({slice})");
        }
        if let Some(image) = self.image() {
            name += &format!(" ({image})");
        }
        name
    }

    /// Its name for text that people read.
    pub(super) fn shown_name(&self) -> String {
        printable(&self.name()).into_owned()
    }

    /// The toolchain that made it, by its own word or by what can be told.
    pub(super) fn toolchain(&self) -> Option<String> {
        let said = self.said.as_ref().map(|said| said.info.toolchain.as_str());
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            return Some(said.to_owned());
        }
        if let Some(go) = self.recovered_go.as_ref().and_then(|go| go.toolchain.as_ref()) {
            return Some(go.value.clone());
        }
        let origin = self.origin.as_ref()?;
        // Parts in Rust do not make a C++ program one of Rust's.
        let is_rust =
            self.language().is_some_and(|language| language == Language::Rust.to_string());
        let mut versions = origin.rust.iter().filter_map(|rust| rust.version.as_ref());
        if let Some(version) = versions.find(|_| is_rust) {
            return Some(format!("rustc {version}"));
        }
        if let Some(guess) = self.guessed_language().filter(|_| compilers(origin).next().is_none())
        {
            return Some(format!("probably {guess}"));
        }
        let mut names: Vec<String> = compilers(origin).map(ToString::to_string).collect();
        names.dedup();
        names.truncate(NAMED);
        // The compiler of the parts in C is not the one of a program in Zig.
        if let Some(first) = origin.languages.first()
            && (names.is_empty() || !first.language.is_of_the_c_family())
        {
            names.insert(0, first.language.to_string());
        }
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The language where there is no more than a guess.
    pub(super) fn guessed_language(&self) -> Option<String> {
        if self.said.is_some() || self.recovered_go.is_some() {
            return None;
        }
        let first = self.origin.as_ref()?.languages.first()?;
        (first.confidence() == Confidence::Guess).then(|| first.language.to_string())
    }

    /// The language that it is best called after.
    pub(super) fn language(&self) -> Option<String> {
        match self.said.as_ref().map(|said| said.source) {
            Some(Source::GoBuildinfo) => return Some("Go".to_owned()),
            Some(Source::RgoNote | Source::DepV0) => return Some("Rust".to_owned()),
            None => {}
        }
        if self.recovered_go.is_some() {
            return Some("Go".to_owned());
        }
        let first = self.origin.as_ref()?.languages.first();
        first.map(|spoken| spoken.language.to_string())
    }

    /// The version of the main module or package, without a `v`.
    pub(super) fn version(&self) -> Option<&str> {
        let main = self.said.as_ref()?.info.main.as_ref()?;
        let version = main.version.strip_prefix('v').unwrap_or(&main.version);
        (!version.is_empty()).then_some(version)
    }

    /// The main package's name or path.
    pub(super) fn package(&self) -> Option<&str> {
        match &self.said {
            Some(said) if !said.info.path.is_empty() => Some(&said.info.path),
            Some(_) => None,
            None => Some(&self.recovered_go.as_ref()?.main_package.as_ref()?.value),
        }
    }

    /// A build setting.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.said.as_ref()?.info.setting(key)
    }

    /// Every dependency as name and version, as far as they are known.
    pub(super) fn dependencies(&self) -> Vec<(&str, Option<String>)> {
        if let Some(said) = &self.said {
            let last = |module: &'_ rgo_binary::embedded::build_info::Module| {
                let used = module.replace.as_deref().unwrap_or(module);
                used.version.trim_start_matches('v').to_owned()
            };
            return said.info.deps.iter().map(|dep| (dep.path.as_str(), Some(last(dep)))).collect();
        }
        let go = self.recovered_go.iter().flat_map(|go| &go.modules);
        let go = go.map(|module| {
            let version = module.version.as_ref().map(|v| v.trim_start_matches('v').to_owned());
            (module.path.as_str(), version)
        });
        let rust = self
            .crates()
            .map(|one| (one.name.as_str(), one.version.as_ref().map(ToString::to_string)));
        go.chain(rust).collect()
    }

    /// The crates that were recovered, without those of the standard library, which every Rust
    /// program has.
    pub(super) fn crates(&self) -> impl Iterator<Item = &RecoveredCrate> {
        let all = self.recovered_crates.iter().flat_map(|found| &found.crates);
        all.filter(|one| one.source != CrateSource::StandardLibrary)
    }

    /// Whether the list of dependencies is whole. Go keeps one for what it builds as a module, and
    /// nothing for its own commands and for other build systems.
    pub(super) fn knows_all_dependencies(&self) -> bool {
        self.said.as_ref().is_some_and(|said| {
            let info = &said.info;
            said.source != Source::GoBuildinfo || info.main.is_some() || !info.deps.is_empty()
        })
    }
}

fn compilers(origin: &Origin) -> impl Iterator<Item = &Tool> {
    origin.tools.iter().filter(|tool| tool.role == Role::Compiler)
}
