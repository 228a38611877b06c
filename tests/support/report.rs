//! The report of `rgo-build --format json`, read as a stranger would: by its documented keys.

use std::path::PathBuf;

use serde_json::Value;

/// A whole report.
#[derive(Debug)]
pub(crate) struct Report(Value);

/// One file of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Artifact<'r>(&'r Value);

impl Report {
    /// Reads it; a report says which schema it has.
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(value["schema"], "rgo.build/1");
        Self(value)
    }

    /// Names of the toolchains that it speaks of.
    pub(crate) fn toolchains(&self) -> Vec<&str> {
        self.targets().filter_map(|target| target["toolchain"].as_str()).collect()
    }

    /// Why a toolchain failed, if it did.
    pub(crate) fn error(&self, toolchain: &str) -> Option<&str> {
        self.target(toolchain)["error"].as_str()
    }

    /// What to do about it.
    pub(crate) fn hints(&self, toolchain: &str) -> Vec<&str> {
        let hints = self.target(toolchain)["hints"].as_array();
        hints.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// What a toolchain cannot make.
    pub(crate) fn not_made(&self, toolchain: &str) -> &Value {
        &self.target(toolchain)["not_made"]
    }

    /// With `--explain-rebuild`: the crates that were compiled, as `name: why`.
    #[track_caller]
    pub(crate) fn rebuilt(&self) -> Vec<String> {
        let list = self.0["rebuilt"].as_array().expect("--explain-rebuild was asked for");
        let one = |crate_: &Value| format!("{}: {}", crate_["package"], crate_["reasons"]);
        list.iter().map(one).collect()
    }

    /// With `--explain-rebuild`: how many times a crate was compiled.
    #[track_caller]
    pub(crate) fn compiled_times(&self, package: &str) -> u64 {
        let list = self.0["rebuilt"].as_array().expect("--explain-rebuild was asked for");
        let one = list.iter().find(|one| one["package"] == package).expect("was compiled");
        one["units"].as_u64().expect("a number")
    }

    /// All files, each with its toolchain.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Artifact<'_>)> {
        self.targets().flat_map(|target| {
            let name = target["toolchain"].as_str().expect("a name");
            artifacts(target).map(move |artifact| (name, artifact))
        })
    }

    /// The file of a toolchain whose name begins so.
    #[track_caller]
    pub(crate) fn artifact(&self, toolchain: &str, name: &str) -> Artifact<'_> {
        let mut found = artifacts(self.target(toolchain)).filter(|artifact| {
            artifact.path().file_name().is_some_and(|file| file.to_string_lossy().starts_with(name))
        });
        found.next().unwrap_or_else(|| panic!("{toolchain} has no {name}: {:#}", self.0))
    }

    #[track_caller]
    fn target(&self, toolchain: &str) -> &Value {
        let mut found = self.targets().filter(|target| target["toolchain"] == toolchain);
        found.next().unwrap_or_else(|| panic!("no {toolchain}: {:#}", self.0))
    }

    fn targets(&self) -> impl Iterator<Item = &Value> {
        self.0["targets"].as_array().into_iter().flatten()
    }
}

fn artifacts(target: &Value) -> impl Iterator<Item = Artifact<'_>> {
    target["artifacts"].as_array().into_iter().flatten().map(Artifact)
}

impl<'r> Artifact<'r> {
    /// Where it is.
    pub(crate) fn path(self) -> PathBuf {
        self.0["path"].as_str().expect("a path").into()
    }

    /// Its bytes.
    pub(crate) fn bytes(self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap_or_else(|e| panic!("{}: {e}", self.path().display()))
    }

    /// A field of the report.
    pub(crate) fn get(self, key: &str) -> &'r Value {
        &self.0[key]
    }

    /// What its loader wants.
    pub(crate) fn linkage(self, key: &str) -> &'r Value {
        &self.0["linkage"][key]
    }

    /// A field that is a list of texts.
    #[track_caller]
    pub(crate) fn strings(value: &'r Value) -> Vec<&'r str> {
        let list = value.as_array().unwrap_or_else(|| panic!("not a list: {value}"));
        list.iter().filter_map(Value::as_str).collect()
    }
}
