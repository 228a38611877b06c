//! What a policy asks of an image, answered from its dossier.

use rgo_binary::hardening::{Answer as Defence, Finding, Relro};
use rgo_binary::origin::Language;
use rgo_binary::signature::{Signature, SignatureKind};
use rgo_binary::{DebugLevel, Kind};

use super::dossier::Dossier;
use super::lines::word;
use crate::policy::registry::fits;
use crate::policy::{Answer, Facts, Os, Platform, Subject, Value};

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

    fn os(&self) -> Os {
        match self.format.as_str() {
            "elf" if self.is_of_another_unix() => Os::Other,
            "elf" => Os::Linux,
            "macho" => Os::Darwin,
            "pe" => Os::Windows,
            _ => Os::Other,
        }
    }

    /// Whether an ELF image says that it is for none of the systems that are Linux.
    fn is_of_another_unix(&self) -> bool {
        let runs_on = self.facts.as_ref().and_then(|facts| facts.runs_on.as_ref());
        let systems = runs_on.iter().flat_map(|runs_on| &runs_on.verdicts);
        let others = ["freebsd", "netbsd", "openbsd", "dragonfly", "solaris"];
        systems.into_iter().any(|verdict| others.contains(&verdict.system))
    }

    fn is(&self, os: Os, what: &str) -> Result<(), Answer> {
        if self.os() == os {
            return Ok(());
        }
        Err(Answer::NotApplicable(format!("{what} is no question for {}", self.format)))
    }

    fn answer(&self, name: &str) -> Result<Answer, Answer> {
        if let Some((family, member)) = name.split_once(':') {
            return match family {
                "build" => self.build(member),
                "dep" => Ok(self.dependency(member)),
                "needs" => self.needs(member),
                _ => Err(Answer::Absent("rgo does not know this fact".to_owned())),
            };
        }
        match name {
            "format" => Ok(Answer::known(self.format.as_str())),
            "arch" => Ok(Answer::known(self.arch.as_str())),
            "language" => match self.guessed_language() {
                Some(guess) => {
                    Err(Answer::Absent(format!("it may be {guess}: nothing else tells")))
                }
                None => known(self.language(), "nothing tells the language"),
            },
            "path" => known(self.package().map(str::to_owned), "it does not say its path"),
            "version" => known(self.version().map(str::to_owned), "it does not say its version"),
            "go" => self.toolchain_of("go", "it was not built with Go"),
            "rustc" => self.toolchain_of("rustc ", "nothing tells the version of rustc"),
            "profile" => {
                known(self.setting("profile").map(str::to_owned), "it does not record the profile")
            }
            "vcs" | "vcs.revision" | "vcs.time" => {
                known(self.setting(name).map(str::to_owned), "it records no commit")
            }
            "vcs.modified" => match self.setting(name) {
                Some("true") => Ok(Answer::known(true)),
                Some("false") => Ok(Answer::known(false)),
                _ => Err(Answer::Absent("it records no commit".to_owned())),
            },
            _ => self.detail(name),
        }
    }

    /// What is asked of the facts that every image has.
    fn detail(&self, name: &str) -> Result<Answer, Answer> {
        let unread = || Answer::Absent("its facts could not be read".to_owned());
        let facts = self.facts.as_ref().ok_or_else(unread)?;
        let linkage = || facts.linkage.as_ref().ok_or_else(unread);
        let hardening = || facts.hardening.as_ref().ok_or_else(unread);
        Ok(match name {
            "size" => Answer::known(facts.size_bytes),
            "kind" => Answer::known(word(&linkage()?.kind)),
            "static" => self.loaded(linkage()?.kind).map(|()| linkage())?.map(|linkage| {
                let needs = linkage.interpreter.iter().chain(&linkage.needed);
                let needs: Vec<&str> = needs.map(String::as_str).collect();
                Answer::known(linkage.static_).because(if needs.is_empty() {
                    "it needs nothing".to_owned()
                } else {
                    format!("it needs {}", needs.join(", "))
                })
            })?,
            "rpath" => Answer::known(linkage()?.runpath.clone()),
            "glibc" => {
                self.is(Os::Linux, "glibc")?;
                match &linkage()?.glibc_floor {
                    Some(floor) => Answer::known(floor.version.to_string())
                        .because(format!("because of {}", floor.symbols.join(", "))),
                    None => return Err(Answer::NotApplicable("it does not use glibc".to_owned())),
                }
            }
            "macos" => {
                self.is(Os::Darwin, "macOS")?;
                let min = linkage()?.macos_min.as_ref();
                known(min.map(ToString::to_string), "it does not say its oldest macOS")?
            }
            "windows" => {
                self.is(Os::Windows, "Windows")?;
                let os = linkage()?.windows_os.map(|(major, minor)| format!("{major}.{minor}"));
                known(os, "its header names no Windows")?
            }
            "libc" => known(self.libc(), "nothing tells the C library")?,
            "pie" => flag(&hardening()?.pie, "it is no program")?,
            "relro" => match hardening()?.relro {
                Relro::NotApplicable => {
                    return Err(Answer::NotApplicable("relro is a matter of ELF".to_owned()));
                }
                relro => Answer::known(word(&relro)),
            },
            "nx" => flag(&hardening()?.nx, "it is not loaded")?,
            "dep" => {
                self.is(Os::Windows, "DEP")?;
                flag(&hardening()?.nx, "it is not loaded")?
            }
            "stack-protector" => flag(&hardening()?.stack_protector, "it has no code to protect")?,
            "cet" => {
                let hardening = hardening()?;
                let finding = if hardening.bti.answer == Defence::NotApplicable {
                    &hardening.cet_ibt
                } else {
                    &hardening.bti
                };
                flag(finding, "its platform has no such mark")?
            }
            "cfg" => flag(&hardening()?.cfg, "control flow guard is a matter of Windows")?,
            "aslr" => {
                flag(&hardening()?.aslr, "aslr is asked of Windows programs; `pie` of others")?
            }
            "stripped" => facts.stripped().map(Answer::known).ok_or_else(unread)?,
            "debug" => {
                let debug = facts.debug.as_ref().ok_or_else(unread)?;
                let nothing = matches!(debug.level, DebugLevel::None | DebugLevel::Symbols);
                Answer::known(if nothing { "none".to_owned() } else { word(&debug.level) })
            }
            "signed" => signed(facts.signature.as_ref().ok_or_else(unread)?)?,
            "packer" => Answer::known(facts.packer.as_ref().map_or("none", |packer| packer.name)),
            "leaks" => {
                let folders = facts.build_paths.folders.iter();
                Answer::known(folders.map(|path| path.folder.clone()).collect::<Vec<_>>())
            }
            _ => return Err(Answer::Absent("rgo does not know this fact".to_owned())),
        })
    }

    fn loaded(&self, kind: Kind) -> Result<(), Answer> {
        match kind {
            Kind::Object | Kind::DebugCompanion | Kind::Other => {
                Err(Answer::NotApplicable("it is not loaded by itself".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The version in a toolchain's name.
    fn toolchain_of(&self, prefix: &str, lack: &str) -> Result<Answer, Answer> {
        let toolchain = self.toolchain().unwrap_or_default();
        let version = toolchain.strip_prefix(prefix).and_then(|rest| {
            let word = rest.split_whitespace().next()?;
            word.starts_with(|c: char| c.is_ascii_digit()).then(|| word.trim_end_matches(','))
        });
        match version {
            Some(version) => Ok(Answer::known(version).because(toolchain.clone())),
            None if self.language().is_some_and(|language| {
                !language.eq_ignore_ascii_case(if prefix == "go" { "go" } else { "rust" })
            }) =>
            {
                Err(Answer::NotApplicable(lack.to_owned()))
            }
            None => Err(Answer::Absent(lack.to_owned())),
        }
    }

    fn build(&self, key: &str) -> Result<Answer, Answer> {
        known(self.setting(key).map(str::to_owned), "it does not record this setting")
    }

    fn dependency(&self, pattern: &str) -> Answer {
        let all = self.dependencies();
        let found: Vec<&(&str, Option<String>)> =
            all.iter().filter(|(name, _)| fits(pattern, name)).collect();
        if found.is_empty() && !self.knows_all_dependencies() {
            return Answer::Absent("it has no list of what is in it".to_owned());
        }
        let versions = found.iter().map(|(_, version)| version.clone()).collect();
        let names: Vec<String> =
            found.iter().map(|(n, v)| format!("{n} {}", v.as_deref().unwrap_or("?"))).collect();
        let copies = Value::Copies { versions, whole: self.knows_all_dependencies() };
        Answer::known(copies).because(names.join(", "))
    }

    fn needs(&self, pattern: &str) -> Result<Answer, Answer> {
        let unread = || Answer::Absent("its facts could not be read".to_owned());
        let linkage = self.facts.as_ref().and_then(|facts| facts.linkage.as_ref());
        let needed = linkage.ok_or_else(unread)?.needed.iter();
        let found: Vec<&str> = needed.map(String::as_str).filter(|n| fits(pattern, n)).collect();
        Ok(Answer::known(!found.is_empty()).because(found.join(", ")))
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

impl Facts for Dossier {
    fn platform(&self) -> Platform {
        let linkage = self.facts.as_ref().and_then(|facts| facts.linkage.as_ref());
        let static_ = linkage
            .filter(|linkage| self.loaded(linkage.kind).is_ok())
            .map(|linkage| linkage.static_);
        Platform { os: self.os(), static_ }
    }

    fn get(&self, name: &str) -> Answer {
        self.answer(name).unwrap_or_else(|answer| answer)
    }
}

fn known(value: Option<String>, lack: &str) -> Result<Answer, Answer> {
    value.map(Answer::known).ok_or_else(|| Answer::Absent(lack.to_owned()))
}

fn flag(finding: &Finding, not_applicable: &str) -> Result<Answer, Answer> {
    match finding.answer {
        Defence::Yes => Ok(Answer::known(true).because(finding.evidence.to_string())),
        Defence::No => Ok(Answer::known(false).because(finding.evidence.to_string())),
        Defence::Unknown => Err(Answer::Absent(finding.evidence.to_string())),
        Defence::NotApplicable => Err(Answer::NotApplicable(not_applicable.to_owned())),
    }
}

/// The kind of a signature. One that does not hold is none: the file is not what was signed.
fn signed(signature: &Signature) -> Result<Answer, Answer> {
    let kind = match signature.kind {
        SignatureKind::NotApplicable => {
            return Err(Answer::NotApplicable("its format has no signatures".to_owned()));
        }
        SignatureKind::None => return Ok(Answer::known("none")),
        SignatureKind::AdHoc => "adhoc",
        SignatureKind::Identity => "identity",
        SignatureKind::Authenticode => "authenticode",
    };
    match signature.holds {
        Defence::No => {
            let why = format!("it was changed since it was signed ({kind}): a hash does not hold");
            Ok(Answer::known("none").because(why))
        }
        Defence::Unknown => {
            Err(Answer::Absent(format!("its hashes ({kind}) are of a kind that is not checked")))
        }
        Defence::Yes | Defence::NotApplicable => Ok(Answer::known(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_that_does_not_hold_is_none() {
        let answer = |kind, holds| {
            let authenticode = Vec::new();
            signed(&Signature { kind, holds, apple: None, authenticode })
        };
        let value = |answer: Result<Answer, Answer>| match answer {
            Ok(Answer::Known(fact)) => Some(fact.value),
            _ => None,
        };
        let (identity, ad_hoc) = (SignatureKind::Identity, SignatureKind::AdHoc);
        assert_eq!(value(answer(identity, Defence::Yes)), Some("identity".into()));
        assert_eq!(value(answer(identity, Defence::No)), Some("none".into()));
        assert_eq!(value(answer(ad_hoc, Defence::Unknown)), None);
    }
}
