//! What an image answers to the words of a policy, out of its dossier. [`super::vocabulary`] has
//! the words.

#[cfg(test)]
mod tests;

use rgo_binary::recovered::origin::Language;
use rgo_binary::release::{Compiler, Release};
use rgo_binary::security::hardening::{Finding, Hardening};
use rgo_binary::security::signature::{Signature, SignatureKind};
use rgo_binary::system::{self, System};
use rgo_binary::{DebugData, DebugLevel, Kind, Linkage, TriState};

use super::details::Details;
use super::dossier::Dossier;
use super::lines::{in_words, word};
use super::said::Source;
use crate::build;
use rgo_policy::vocabulary::glob_match;
use rgo_policy::{Fact, Lookup, NoAnswer, Os, Platform, Subject, Value};

pub(super) const NO_COMMIT: &str = "no commit is recorded";

impl Dossier {
    /// Its name for verdicts.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            file: self.file.clone(),
            member: self.member.clone(),
            slice: self.slice.clone(),
            image: self.image(),
        }
    }

    /// Whose tables of a policy file it is judged by.
    pub(super) fn judged_as(&self) -> Platform {
        let linkage = self.linkage().ok().filter(|linkage| is_loaded(linkage.kind));
        Platform { os: self.os(), static_: linkage.map(|linkage| linkage.static_) }
    }

    /// Whose table of a policy file it is judged by: that of Linux also where nothing tells the
    /// system of an ELF image.
    fn os(&self) -> Os {
        match (self.format.as_str(), self.system().and_then(System::known)) {
            ("elf", None | Some(system::Os::LINUX | system::Os::ANDROID)) => Os::Linux,
            ("macho", _) => Os::Darwin,
            ("pe", None | Some(system::Os::WINDOWS)) => Os::Windows,
            _ => Os::Other,
        }
    }

    fn system(&self) -> Option<&System> {
        self.facts.as_ref()?.os.as_ref()
    }

    /// The system that it is for, if it says so.
    pub(super) fn named_system(&self, _: &str) -> Lookup {
        match self.system() {
            Some(system) if system.is_known() => {
                Ok(Fact::new(system.os.name()).because(in_words(&system.evidence)))
            }
            Some(system) => {
                let (os, why) = (system.os, &system.evidence.found);
                Err(NoAnswer::unknown(format!("it is probably for {os}: {why}")))
            }
            None if is_loaded(self.linkage()?.kind) => {
                Err(NoAnswer::unknown("nothing shows its system"))
            }
            None => Err(NoAnswer::not_applicable("it is not a program or library")),
        }
    }

    /// Ends the answer where the question makes no sense but for one system.
    pub(super) fn only_for(&self, os: Os) -> Result<(), NoAnswer> {
        if self.os() == os {
            return Ok(());
        }
        let name = match os {
            Os::Linux => "Linux",
            Os::Darwin => "macOS",
            Os::Windows => "Windows",
            Os::Other => "this system",
        };
        let own = match self.system().map(|system| system.os) {
            Some(system::Os::NONE) => "it is for the bare machine, and ".to_owned(),
            Some(own) => format!("it is for {own}, and "),
            None => "it is ".to_owned(),
        };
        Err(NoAnswer::not_applicable(format!("{own}not for {name}")))
    }

    pub(super) fn details(&self) -> Result<&Details, NoAnswer> {
        self.facts.as_ref().ok_or_else(unread)
    }

    pub(super) fn linkage(&self) -> Result<&Linkage, NoAnswer> {
        self.details()?.linkage.as_ref().ok_or_else(unread)
    }

    pub(super) fn hardening(&self) -> Result<&Hardening, NoAnswer> {
        self.details()?.hardening.as_ref().ok_or_else(unread)
    }

    pub(super) fn glibc(&self, _: &str) -> Lookup {
        self.only_for(Os::Linux)?;
        let floor = self.linkage()?.glibc_floor.as_ref();
        let floor = floor.ok_or_else(|| NoAnswer::not_applicable(self.why_no_glibc()))?;
        let why = format!("because of {}", floor.causes(usize::MAX));
        Ok(Fact::new(floor.version.to_string()).because(why))
    }

    /// Why an image asks for no version of glibc.
    fn why_no_glibc(&self) -> &'static str {
        let libc = self.facts.as_ref().and_then(|facts| facts.libc.as_ref());
        match libc.filter(|libc| libc.name == "glibc") {
            Some(libc) if libc.linked_in => "glibc is linked in",
            Some(_) => "it needs glibc, of no particular version",
            None => "it does not use glibc",
        }
    }

    /// Ends the answer where the numbers are those of another system of Apple's.
    pub(super) fn only_on_macos(&self) -> Result<(), NoAnswer> {
        let runs_on = self.facts.as_ref().and_then(|facts| facts.runs_on.as_ref());
        let mut systems = runs_on.iter().flat_map(|it| &it.verdicts).map(|it| it.system);
        match systems.find(|system| *system != "macos") {
            Some(other) => Err(NoAnswer::not_applicable(format!("it is for {other}"))),
            None => Ok(()),
        }
    }

    /// The cargo profile that it was built with.
    pub(super) fn profile(&self, _: &str) -> Lookup {
        if self.language().is_some_and(|it| it == Language::Go.to_string()) {
            return Err(NoAnswer::not_applicable("it is a Go program, and profiles are cargo's"));
        }
        recorded(self.setting("profile").map(str::to_owned), "its profile is not recorded")
    }

    pub(super) fn needs_nothing(&self, _: &str) -> Lookup {
        let linkage = self.linkage()?;
        if !is_loaded(linkage.kind) {
            return Err(NoAnswer::not_applicable("it is not a program or library"));
        }
        let needs: Vec<&str> =
            linkage.interpreter.iter().chain(&linkage.needed).map(String::as_str).collect();
        let why = if needs.is_empty() {
            "it needs nothing".to_owned()
        } else {
            format!("it needs {}", needs.join(", "))
        };
        Ok(Fact::new(linkage.static_).because(why))
    }

    /// Whether it needs a shared library that fits the pattern.
    pub(super) fn needs(&self, pattern: &str) -> Lookup {
        let needed = self.linkage()?.needed.iter().map(String::as_str);
        let found: Vec<&str> = needed.filter(|name| glob_match(pattern, name)).collect();
        Ok(Fact::new(!found.is_empty()).because(found.join(", ")))
    }

    pub(super) fn spoken_language(&self, _: &str) -> Lookup {
        if let Some(guess) = self.guessed_language() {
            return Err(NoAnswer::unknown(format!("it may be {guess}, but that is a guess")));
        }
        recorded(self.language(), "nothing shows its language")
    }

    pub(super) fn go_version(&self, _: &str) -> Lookup {
        self.release_of(Compiler::Go, Language::Go)
    }

    pub(super) fn rustc_version(&self, _: &str) -> Lookup {
        self.release_of(Compiler::Rustc, Language::Rust)
    }

    /// The release of a compiler, which builds one language.
    fn release_of(&self, compiler: Compiler, language: Language) -> Lookup {
        let toolchain = self.toolchain().unwrap_or_default();
        let release = Release::parse(&toolchain).filter(|release| release.compiler == compiler);
        if let Some(release) = release {
            return Ok(Fact::new(release.version).because(toolchain.clone()));
        }
        Err(match self.language() {
            Some(spoken) if spoken == language.to_string() => {
                NoAnswer::unknown(format!("it is a {language} program, and names no release"))
            }
            Some(spoken) => NoAnswer::not_applicable(format!("it is a {spoken} program")),
            None => NoAnswer::unknown("nothing shows its language or compiler"),
        })
    }

    /// A setting of version control.
    pub(super) fn commit(&self, key: &str) -> Lookup {
        recorded(self.setting(key).map(str::to_owned), NO_COMMIT)
    }

    /// A build setting: every value that is recorded, or the one that it has where it is left out.
    pub(super) fn build_setting(&self, key: &str) -> Lookup {
        let said = self.said.as_ref().ok_or_else(|| NoAnswer::unknown("it has no build record"))?;
        let all = said.info.settings.iter().filter(|(name, _)| name == key);
        let all: Vec<String> = all.map(|(_, value)| value.clone()).collect();
        match all.as_slice() {
            [] => {}
            [one] => return Ok(Fact::new(one.as_str())),
            _ => return Ok(Fact::new(all)),
        }
        match said.source {
            Source::GoBuildinfo => {
                let off = rgo_binary::recovered::go::settings::left_out(&said.info, key);
                let why = format!("Go records {key} only where it is set");
                off.map(|off| Fact::new(off).because(why)).map_err(NoAnswer::unknown)
            }
            Source::RgoNote if build::LEFT_OUT.contains(&key) => {
                Ok(Fact::new("").because(format!("rgo-build records {key} only where it is set")))
            }
            Source::RgoNote | Source::DepV0 => {
                Err(NoAnswer::unknown(format!("{key} is not recorded")))
            }
        }
    }

    /// The copies of a dependency whose name fits the pattern.
    pub(super) fn dependency(&self, pattern: &str) -> Lookup {
        let all = self.dependencies();
        let found: Vec<&(&str, Option<String>)> =
            all.iter().filter(|(name, _)| glob_match(pattern, name)).collect();
        if found.is_empty() && !self.knows_all_dependencies() {
            return Err(NoAnswer::unknown("it has no full list of its dependencies"));
        }
        let versions = found.iter().map(|(_, version)| version.clone()).collect();
        let names: Vec<String> = found
            .iter()
            .map(|(name, version)| format!("{name} {}", version.as_deref().unwrap_or("?")))
            .collect();
        let copies = Value::Copies { versions, whole: self.knows_all_dependencies() };
        Ok(Fact::new(copies).because(names.join(", ")))
    }

    /// The C library by name; `none` only where that is certain.
    pub(super) fn libc(&self) -> Option<String> {
        let facts = self.facts.as_ref()?;
        let linkage = facts.linkage.as_ref()?;
        let by_note = self.setting("libc").and_then(|libc| libc.split(' ').next());
        if let Some(name) = by_note.or(facts.libc.as_ref().map(|libc| libc.name)) {
            return Some(name.to_owned());
        }
        // Go's own runtime asks the kernel; with cgo it has a C library, which was found then.
        let is_go = self.language().is_some_and(|language| language == Language::Go.to_string());
        let by_itself = match self.os() {
            Os::Windows => linkage.kind.is_loaded(),
            _ => matches!(linkage.kind, Kind::StaticExecutable | Kind::StaticPie),
        };
        (is_go && by_itself).then(|| "none".to_owned())
    }
}

fn is_loaded(kind: Kind) -> bool {
    !matches!(kind, Kind::Object | Kind::DebugCompanion | Kind::Other)
}

/// The reason where a part of the image is damaged.
pub(super) fn unread() -> NoAnswer {
    NoAnswer::unknown("this part of it could not be read")
}

pub(super) fn recorded(value: Option<String>, lack: &str) -> Lookup {
    value.map(Fact::new).ok_or_else(|| NoAnswer::unknown(lack))
}

/// Whether a defence is there. Its own reason for making no sense comes before the general one.
pub(super) fn flag(finding: &Finding, not_applicable: &str) -> Lookup {
    let evidence = finding.evidence.as_ref();
    match finding.answer {
        TriState::Yes => Ok(Fact::new(true).because(evidence)),
        TriState::No => Ok(Fact::new(false).because(evidence)),
        TriState::Unknown => Err(NoAnswer::unknown(evidence)),
        TriState::NotApplicable if evidence.is_empty() => {
            Err(NoAnswer::not_applicable(not_applicable))
        }
        TriState::NotApplicable => Err(NoAnswer::not_applicable(evidence)),
    }
}

/// What the processor is told to check: jumps, returns, or both. Only what the image is marked for
/// counts; of pointer authentication a PE image has no mark.
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
    Ok(Fact::new(value).because(evidence))
}

/// What shows two findings, each text once.
fn reasons(findings: [&Finding; 2]) -> String {
    let [one, other] = findings.map(|finding| finding.evidence.as_ref());
    match (one, other) {
        _ if one == other => one.to_owned(),
        (text, "") | ("", text) => text.to_owned(),
        _ => format!("{one}; {other}"),
    }
}

/// How well Windows can hide where it loads the image.
pub(super) fn aslr(hardening: &Hardening) -> Lookup {
    let (moves, wide) = (&hardening.aslr, &hardening.high_entropy_va);
    let value = match (moves.answer, wide.answer) {
        (TriState::Yes, TriState::No) => "low-entropy",
        (TriState::Yes, _) => "full",
        (TriState::No, _) => "none",
        _ => return flag(moves, "it is not for Windows; ask for `pie`"),
    };
    Ok(Fact::new(value).because(reasons([moves, wide])))
}

/// The debug data; symbols alone are none.
pub(super) fn debug(debug: &DebugData) -> Lookup {
    let none = matches!(debug.level, DebugLevel::None | DebugLevel::Symbols);
    Ok(Fact::new(if none { "none".to_owned() } else { word(&debug.level) }))
}

/// The kind of a signature, if the file is what was signed.
pub(super) fn signed(signature: &Signature) -> Lookup {
    let kind = match signature.kind {
        SignatureKind::NotApplicable => {
            return Err(NoAnswer::not_applicable("its format has no signatures"));
        }
        SignatureKind::None => return Ok(Fact::new("none")),
        SignatureKind::AdHoc => "adhoc",
        SignatureKind::Identity => "identity",
        SignatureKind::Authenticode => "authenticode",
    };
    match signature.holds {
        TriState::No => {
            let why = format!("it was changed after it was signed ({kind}): a hash does not match");
            Ok(Fact::new("broken").because(why))
        }
        TriState::Unknown => Err(NoAnswer::unknown(format!(
            "rgo does not check hashes of the kind that its signature ({kind}) has"
        ))),
        TriState::Yes | TriState::NotApplicable => Ok(Fact::new(kind)),
    }
}
