//! The longer functions that answer the words of a policy for an image.

#[cfg(test)]
mod tests;

use rgo_binary::inspect::{Fact, Facts, ImageToolchain, RecordFormat};
use rgo_binary::recovered::origin::Language;
use rgo_binary::release::CompilerName;
use rgo_binary::security::hardening::{Defense, Hardening};
use rgo_binary::security::signature::{Signature, SignatureKind};
use rgo_binary::system::{self, ImageSystem};
use rgo_binary::{DebugData, DebugLevel, Format, Linkage, TriState};
use rgo_packages::Node;
use rgo_policy::vocabulary::glob_match;
use rgo_policy::{FactValue, Lookup, NoAnswer, Platform, PolicyFact, PolicyOs};
use rgo_toolchain::build::cargo_build::LEFT_OUT;

use crate::app::inspected::Inspected;
use crate::app::words::{in_words, word};

pub(super) const NO_PROGRAM: &str = "it is not a program or library";
pub(super) const NO_COMMIT: &str = "no commit is recorded";

impl Inspected {
    /// The platform that selects the tables of a policy file.
    pub(super) fn judged_as(&self) -> Platform {
        let linkage = self.linkage().ok().filter(|linkage| linkage.kind.is_loaded());
        Platform { os: self.os(), static_: linkage.map(|linkage| linkage.static_) }
    }

    /// The system that selects the table of a policy file: Linux also for Android, and for an ELF
    /// image without any evidence of its system.
    fn os(&self) -> PolicyOs {
        match (self.inspection.format, self.system().and_then(ImageSystem::known)) {
            (Format::Elf, None | Some(system::Os::Linux | system::Os::Android)) => PolicyOs::Linux,
            (Format::MachO, _) => PolicyOs::Darwin,
            (Format::Pe, None | Some(system::Os::Windows)) => PolicyOs::Windows,
            _ => PolicyOs::Other,
        }
    }

    fn system(&self) -> Option<&ImageSystem> {
        self.inspection.facts.as_ref()?.os.known()
    }

    /// The system of the image, if it names one.
    pub(super) fn named_system(&self, _: &str) -> Lookup {
        let system = answered(&self.facts()?.os, NO_PROGRAM)?;
        if system.is_known() {
            return Ok(PolicyFact::new(system.os.name()).because(in_words(&system.evidence)));
        }
        let (os, why) = (system.os, &system.evidence.found);
        Err(NoAnswer::unknown(format!("it is probably for {os}: {why}")))
    }

    /// Ends the answer if the question applies to one system only, and this is another one.
    pub(super) fn only_for(&self, os: PolicyOs) -> Result<(), NoAnswer> {
        if self.os() == os {
            return Ok(());
        }
        let name = match os {
            PolicyOs::Linux => "Linux",
            PolicyOs::Darwin => "macOS",
            PolicyOs::Windows => "Windows",
            PolicyOs::Other => "this system",
        };
        let own = match self.system().map(|system| system.os) {
            Some(system::Os::BareMetal) => "it is for the bare machine, and ".to_owned(),
            Some(own) => format!("it is for {own}, and "),
            None => "it is ".to_owned(),
        };
        Err(NoAnswer::not_applicable(format!("{own}not for {name}")))
    }

    pub(super) fn facts(&self) -> Result<&Facts, NoAnswer> {
        self.inspection.facts.as_ref().ok_or_else(|| NoAnswer::unknown(NOT_READ))
    }

    pub(super) fn linkage(&self) -> Result<&Linkage, NoAnswer> {
        answered(&self.facts()?.linkage, NO_PROGRAM)
    }

    pub(super) fn hardening(&self) -> Result<&Hardening, NoAnswer> {
        answered(&self.facts()?.hardening, NO_PROGRAM)
    }

    pub(super) fn glibc(&self, _: &str) -> Lookup {
        self.only_for(PolicyOs::Linux)?;
        let floor = self.linkage()?.glibc_floor.as_ref();
        let floor = floor.ok_or_else(|| NoAnswer::not_applicable(self.why_no_glibc()))?;
        let why = format!("because of {}", floor.causes(usize::MAX));
        Ok(PolicyFact::new(floor.version.to_string()).because(why))
    }

    /// Why an image requires no version of glibc.
    fn why_no_glibc(&self) -> &'static str {
        let libc = self.inspection.facts.as_ref().and_then(|facts| facts.libc.known());
        match libc.filter(|libc| libc.name == "glibc") {
            Some(libc) if libc.linked_in => "glibc is linked in",
            Some(_) => "it needs glibc, of no particular version",
            None => "it does not use glibc",
        }
    }

    /// Ends the answer if the version numbers belong to another of Apple's systems.
    pub(super) fn only_on_macos(&self) -> Result<(), NoAnswer> {
        let facts = self.inspection.facts.as_ref();
        let runs_on = facts.and_then(|facts| facts.runs_on.known());
        let mut systems = runs_on.iter().flat_map(|it| &it.verdicts).map(|it| it.system);
        match systems.find(|system| *system != "macos") {
            Some(other) => Err(NoAnswer::not_applicable(format!("it is for {other}"))),
            None => Ok(()),
        }
    }

    /// The cargo profile of its build.
    pub(super) fn profile(&self, _: &str) -> Lookup {
        if self.inspection.language() == Some(Language::Go) {
            return Err(NoAnswer::not_applicable("it is a Go program, and profiles are cargo's"));
        }
        recorded(
            self.inspection.setting("profile").map(str::to_owned),
            "its profile is not recorded",
        )
    }

    pub(super) fn needs_nothing(&self, _: &str) -> Lookup {
        let linkage = self.linkage()?;
        if !linkage.kind.is_loaded() {
            return Err(NoAnswer::not_applicable(NO_PROGRAM));
        }
        let needs: Vec<&str> =
            linkage.interpreter.iter().chain(&linkage.needed).map(String::as_str).collect();
        let why = if needs.is_empty() {
            "it needs nothing".to_owned()
        } else {
            format!("it needs {}", needs.join(", "))
        };
        Ok(PolicyFact::new(linkage.static_).because(why))
    }

    /// Whether it needs a shared library that matches the pattern.
    pub(super) fn needs(&self, pattern: &str) -> Lookup {
        let needed = self.linkage()?.needed.iter().map(String::as_str);
        let found: Vec<&str> = needed.filter(|name| glob_match(pattern, name)).collect();
        Ok(PolicyFact::new(!found.is_empty()).because(found.join(", ")))
    }

    pub(super) fn spoken_language(&self, _: &str) -> Lookup {
        if let Some(guess) = self.inspection.guessed_language() {
            return Err(NoAnswer::unknown(format!("it may be {guess}, but that is a guess")));
        }
        let language = self.inspection.language();
        recorded(language.map(|it| it.to_string()), "nothing shows its language")
    }

    pub(super) fn go_version(&self, _: &str) -> Lookup {
        self.release_of(CompilerName::Go, Language::Go)
    }

    pub(super) fn rustc_version(&self, _: &str) -> Lookup {
        self.release_of(CompilerName::Rustc, Language::Rust)
    }

    /// The release of a compiler that compiles one language.
    fn release_of(&self, compiler: CompilerName, language: Language) -> Lookup {
        let toolchain = self.inspection.toolchain();
        let release = toolchain.as_ref().and_then(ImageToolchain::release);
        if let Some(release) = release.filter(|release| release.compiler == compiler) {
            let name = toolchain.as_ref().map(ToString::to_string);
            return Ok(PolicyFact::new(release.version).because(name.unwrap_or_default()));
        }
        Err(match self.inspection.language() {
            Some(own) if own == language => {
                NoAnswer::unknown(format!("it is a {language} program, and names no release"))
            }
            Some(own) => NoAnswer::not_applicable(format!("it is a {own} program")),
            None => NoAnswer::unknown("nothing shows its language or compiler"),
        })
    }

    /// A setting of version control.
    pub(super) fn commit(&self, key: &str) -> Lookup {
        recorded(self.inspection.setting(key).map(str::to_owned), NO_COMMIT)
    }

    /// A build setting: every recorded value, or the default if it is omitted.
    pub(super) fn build_setting(&self, key: &str) -> Lookup {
        let record = self.inspection.record.known();
        let record = record.ok_or_else(|| NoAnswer::unknown("it has no build record"))?;
        let all = record.info.settings.iter().filter(|(name, _)| name == key);
        let all: Vec<String> = all.map(|(_, value)| value.clone()).collect();
        match all.as_slice() {
            [] => {}
            [one] => return Ok(PolicyFact::new(one.as_str())),
            _ => return Ok(PolicyFact::new(all)),
        }
        match record.format {
            RecordFormat::GoBuildinfo => {
                let off = rgo_binary::recovered::go::settings::left_out(&record.info, key);
                let why = format!("Go records {key} only where it is set");
                off.map(|off| PolicyFact::new(off).because(why)).map_err(NoAnswer::unknown)
            }
            RecordFormat::RgoNote if LEFT_OUT.contains(&key) => Ok(PolicyFact::new("")
                .because(format!("rgo-build records {key} only where it is set"))),
            RecordFormat::RgoNote | RecordFormat::DepV0 | RecordFormat::GoSlots => {
                Err(NoAnswer::unknown(format!("{key} is not recorded")))
            }
        }
    }

    /// The copies of dependencies whose names match the pattern.
    pub(super) fn dependency(&self, pattern: &str) -> Lookup {
        let graph = self.inspection.packages();
        let fits = |node: &&Node| node.names().any(|name| glob_match(pattern, name));
        let found: Vec<&Node> = graph.dependencies().filter(fits).collect();
        if found.is_empty() && !graph.is_full() {
            return Err(NoAnswer::unknown("it has no full list of its dependencies"));
        }
        let version = |node: &&Node| node.package.version_number().map(str::to_owned);
        let versions: Vec<Option<String>> = found.iter().map(version).collect();
        let names = found.iter().zip(&versions).map(|(node, version)| {
            format!("{} {}", node.package.name, version.as_deref().unwrap_or("?"))
        });
        let names: Vec<String> = names.collect();
        let copies = FactValue::Copies { versions, whole: graph.is_full() };
        Ok(PolicyFact::new(copies).because(names.join(", ")))
    }
}

/// The reason if only the record was read.
const NOT_READ: &str = "this part of it was not read";

/// Converts a fact to an answer; if it is absent, `absent` explains why the question makes no
/// sense.
pub(super) fn answered<'f, T>(fact: &'f Fact<T>, absent: &str) -> Result<&'f T, NoAnswer> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Absent => Err(NoAnswer::not_applicable(absent)),
        Fact::Unknown(cause) => Err(NoAnswer::unknown(cause.to_string())),
    }
}

pub(super) fn recorded(value: Option<String>, lack: &str) -> Lookup {
    value.map(PolicyFact::new).ok_or_else(|| NoAnswer::unknown(lack))
}

/// Whether a defense is present. Its own reason for not being applicable comes before the general
/// one.
pub(super) fn flag(finding: &Defense, not_applicable: &str) -> Lookup {
    let evidence = finding.evidence.as_ref();
    match finding.answer {
        TriState::Yes => Ok(PolicyFact::new(true).because(evidence)),
        TriState::No => Ok(PolicyFact::new(false).because(evidence)),
        TriState::Unknown => Err(NoAnswer::unknown(evidence)),
        TriState::NotApplicable if evidence.is_empty() => {
            Err(NoAnswer::not_applicable(not_applicable))
        }
        TriState::NotApplicable => Err(NoAnswer::not_applicable(evidence)),
    }
}

/// The branches that the processor checks: jumps, returns, or both. Only marks in the image count;
/// PE has no mark for pointer authentication.
pub(super) fn branch_protection(hardening: &Hardening) -> Lookup {
    let x86 = [("ibt", &hardening.cet_ibt), ("shstk", &hardening.cet_shstk)];
    let arm = [("bti", &hardening.bti), ("pac", &hardening.pac)];
    let marks =
        [x86, arm].into_iter().find(|[(_, jumps), _]| jumps.answer != TriState::NotApplicable);
    let Some(marks) = marks else {
        return Err(NoAnswer::not_applicable("its platform has no such mark"));
    };
    let evidence = reasons(marks.map(|(_, finding)| finding));
    let value = match marks.map(|(name, finding)| (finding.answer == TriState::Yes).then_some(name))
    {
        [Some(_), Some(_)] => "full",
        [one, other] => one.or(other).unwrap_or("none"),
    };
    Ok(PolicyFact::new(value).because(evidence))
}

/// The evidence for two findings, each text once.
fn reasons(findings: [&Defense; 2]) -> String {
    let [one, other] = findings.map(|finding| finding.evidence.as_ref());
    match (one, other) {
        _ if one == other => one.to_owned(),
        (text, "") | ("", text) => text.to_owned(),
        _ => format!("{one}; {other}"),
    }
}

/// How well Windows can randomize the load address of the image.
pub(super) fn aslr(hardening: &Hardening) -> Lookup {
    let (moves, wide) = (&hardening.aslr, &hardening.high_entropy_va);
    let value = match (moves.answer, wide.answer) {
        (TriState::Yes, TriState::No) => "low-entropy",
        (TriState::Yes, _) => "full",
        (TriState::No, _) => "none",
        _ => return flag(moves, "it is not for Windows; ask for `pie`"),
    };
    Ok(PolicyFact::new(value).because(reasons([moves, wide])))
}

/// The debug data; symbols alone do not count.
pub(super) fn debug(debug: &DebugData) -> Lookup {
    let none = matches!(debug.level, DebugLevel::None | DebugLevel::Symbols);
    Ok(PolicyFact::new(if none { "none".to_owned() } else { word(&debug.level) }))
}

/// The kind of a signature, if the file is unchanged since it was signed.
pub(super) fn signed(signature: &Signature) -> Lookup {
    let kind = match signature.kind {
        SignatureKind::NotApplicable => {
            return Err(NoAnswer::not_applicable("its format has no signatures"));
        }
        SignatureKind::None => return Ok(PolicyFact::new("none")),
        SignatureKind::AdHoc => "adhoc",
        SignatureKind::Identity => "identity",
        SignatureKind::Authenticode => "authenticode",
    };
    match signature.holds {
        TriState::No => {
            let why = format!("it was changed after it was signed ({kind}): a hash does not match");
            Ok(PolicyFact::new("broken").because(why))
        }
        TriState::Unknown => Err(NoAnswer::unknown(format!(
            "rgo does not check hashes of the kind that its signature ({kind}) has"
        ))),
        TriState::Yes | TriState::NotApplicable => Ok(PolicyFact::new(kind)),
    }
}
