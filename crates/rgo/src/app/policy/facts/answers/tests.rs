//! Tests the answers to a policy's words, some on images made for the question.

use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::inspect::BuildRecord;
use rgo_binary::security::hardening::hardening;
use rgo_binary::security::signature::{Signature, SignatureKind};
use rgo_binary::{Limits, slices};

use super::*;
use crate::app::policy::facts::{judge, vocabulary};
use crate::app::samples;
use rgo_policy::vocabulary::ValueKind;
use rgo_policy::{FactSource as _, Policy, SubjectKind};

/// A small image, with its facts.
fn sample() -> Inspected {
    samples::of(SAMPLE)
}

const SAMPLE: &[u8] = include_bytes!("../../../../../../rgo-binary/tests/fixtures/read/sample.elf");
const WINDOWS: &[u8] =
    include_bytes!("../../../../../../rgo-binary/tests/fixtures/edit/pe-amd64.exe");

/// The answer as one word: the value, `unknown` or `not applicable`.
fn short(answer: Lookup) -> String {
    match answer {
        Ok(PolicyFact { value: FactValue::Text(text), .. }) => text,
        Ok(fact) => format!("{:?}", fact.value),
        Err(NoAnswer::Unknown(_)) => "unknown".to_owned(),
        Err(NoAnswer::NotApplicable(_)) => "not applicable".to_owned(),
    }
}

#[test]
fn a_signature_that_does_not_match_the_file_is_broken_and_not_absent() {
    let answer = |kind, holds| {
        short(signed(&Signature { kind, holds, apple: None, authenticode: Vec::new() }))
    };
    use TriState::{No, NotApplicable, Unknown, Yes};
    assert_eq!(answer(SignatureKind::Identity, Yes), "identity");
    assert_eq!(answer(SignatureKind::AdHoc, Yes), "adhoc");
    assert_eq!(answer(SignatureKind::Identity, No), "broken");
    assert_eq!(answer(SignatureKind::Authenticode, No), "broken");
    assert_eq!(answer(SignatureKind::AdHoc, Unknown), "unknown");
    assert_eq!(answer(SignatureKind::None, NotApplicable), "none");
    assert_eq!(answer(SignatureKind::NotApplicable, NotApplicable), "not applicable");
}

#[test]
fn only_both_marks_of_a_processor_are_full_branch_protection() {
    use TriState::{No, NotApplicable, Unknown, Yes};
    let image = slices(SAMPLE, &Limits::default()).expect("an image").remove(0).image;
    let hardening = hardening(&image).expect("facts");
    for (ibt, shstk, bti, pac, expected) in [
        (Yes, Yes, NotApplicable, NotApplicable, "full"),
        (Yes, No, NotApplicable, NotApplicable, "ibt"),
        (No, Yes, NotApplicable, NotApplicable, "shstk"),
        (No, No, NotApplicable, NotApplicable, "none"),
        (NotApplicable, NotApplicable, Yes, Yes, "full"),
        (NotApplicable, NotApplicable, Yes, Unknown, "bti"),
        (NotApplicable, NotApplicable, No, Unknown, "none"),
        (NotApplicable, NotApplicable, No, Yes, "pac"),
        (NotApplicable, NotApplicable, NotApplicable, NotApplicable, "not applicable"),
    ] {
        let mut marked = hardening.clone();
        marked.cet_ibt.answer = ibt;
        marked.cet_shstk.answer = shstk;
        marked.bti.answer = bti;
        marked.pac.answer = pac;
        let found = short(branch_protection(&marked));
        assert_eq!(found, expected, "{ibt:?} {shstk:?} {bti:?} {pac:?}");
    }
    // Two missing marks with the same reason show it once.
    for (one, other, expected) in
        [("no property", "no property", "no property"), ("a", "b", "a; b"), ("", "b", "b")]
    {
        let mut marked = hardening.clone();
        (marked.cet_ibt.evidence, marked.cet_shstk.evidence) = (one.into(), other.into());
        let fact = branch_protection(&marked).expect("a fact");
        assert_eq!(fact.evidence.as_deref(), Some(expected));
    }
}

/// `HIGH_ENTROPY_VA`, bit 20 of the DLL characteristics, exists only for 64-bit programs.
#[test]
fn random_addresses_are_full_with_high_entropy_where_there_can_be_any() {
    let characteristics = |data: &[u8]| {
        let header = u32::from_le_bytes(*data[0x3c..].first_chunk().expect("a header"));
        header as usize + 24 + 70
    };
    let read = |change: &dyn Fn(&mut [u8])| {
        let mut data = WINDOWS.to_vec();
        let at = characteristics(&data);
        change(&mut data[at..]);
        let image = slices(&data, &Limits::default()).expect("an image").remove(0).image;
        short(aslr(&hardening(&image).expect("facts")))
    };
    assert_eq!(read(&|_| {}), "full");
    assert_eq!(read(&|flags| flags[0] &= !0x20), "low-entropy");
    assert_eq!(read(&|flags| flags[0] &= !0x60), "none");
    let image = slices(WINDOWS, &Limits::default()).expect("an image").remove(0).image;
    let mut narrow = hardening(&image).expect("facts");
    narrow.high_entropy_va.answer = TriState::NotApplicable;
    assert_eq!(short(aslr(&narrow)), "full");
    let image = slices(SAMPLE, &Limits::default()).expect("an image").remove(0).image;
    assert_eq!(short(aslr(&hardening(&image).expect("facts"))), "not applicable");
}

/// An image whose record has these settings.
fn built(format: RecordFormat, toolchain: &str, settings: &[(&str, &str)]) -> Inspected {
    let settings = settings.iter().map(|(key, value)| ((*key).into(), (*value).into()));
    let info = BuildInfo {
        toolchain: toolchain.to_owned(),
        settings: settings.collect(),
        ..BuildInfo::default()
    };
    let record = BuildRecord { format, info, audit: None, others: Vec::new() };
    let mut image = sample();
    image.inspection.record = Fact::Known(record);
    image
}

#[test]
fn a_gate_on_a_build_setting_is_answered_by_what_go_leaves_out() {
    let go = |settings: &[(&str, &str)]| {
        let always = [("-compiler", "gc"), ("CGO_ENABLED", "1")];
        built(RecordFormat::GoBuildinfo, "go1.26.8", &[&always, settings].concat())
    };
    let (plain, race, trimmed) = (go(&[]), go(&[("-race", "true")]), go(&[("-trimpath", "true")]));
    let old = built(RecordFormat::GoBuildinfo, "go1.17.13", &[]);
    let rgo = built(RecordFormat::RgoNote, "rustc 1.96.0", &[("profile", "release")]);
    let two = built(RecordFormat::RgoNote, "rustc 1.96.0", &[("-X", "a=1"), ("-X", "b=0")]);
    for (name, image, expression, expected) in [
        ("plain", &plain, "!build:-race", "holds"),
        ("plain", &plain, "build:-race=false", "holds"),
        ("plain", &plain, "build:-race", "does not hold"),
        ("plain", &plain, "build:-race=true", "does not hold"),
        ("plain", &plain, "!build:-ldflags", "holds"),
        ("plain", &plain, "build:-ldflags=\"\"", "holds"),
        ("plain", &plain, "build:-pgo=off", "holds"),
        ("plain", &plain, "build:CGO_ENABLED", "holds"),
        ("plain", &plain, "!build:vcs.modified", "unknown"),
        ("plain", &plain, "!build:-mod", "unknown"),
        ("race", &race, "!build:-race", "does not hold"),
        ("race", &race, "build:-race", "holds"),
        ("race", &race, "!build:-msan", "holds"),
        ("trimmed", &trimmed, "!build:-race", "holds"),
        ("trimmed", &trimmed, "!build:-ldflags", "unknown"),
        ("trimmed", &trimmed, "build:-trimpath", "holds"),
        ("old", &old, "!build:-race", "unknown"),
        ("rgo", &rgo, "!build:features", "holds"),
        ("rgo", &rgo, "!build:-X", "holds"),
        ("rgo", &rgo, "!build:rustflags", "unknown"),
        ("two", &two, "build:-X!=c=*", "holds"),
        ("two", &two, "build:-X!=b=*", "does not hold"),
        ("nothing", &sample(), "!build:no-such", "unknown"),
    ] {
        let mut policy = Policy::new(vocabulary(), judge("rgo-version-m"));
        policy.require(expression).expect(expression);
        let judged = policy.judge(image.subject(), image);
        assert_eq!(judged.findings[0].answer.words(), expected, "{name}: {expression}");
    }
}

#[test]
fn a_go_toolchain_with_a_suffix_is_of_its_release() {
    for (toolchain, expression, expected) in [
        ("go1.26.8-X:nodwarf5", "go>=1.26", "holds"),
        ("go1.26.8 X:nodwarf5", "go=1.26.8", "holds"),
        ("go1.26.8-bigcorp", "go>=1.26.8", "holds"),
        ("go1.26rc1", "go>=1.26", "does not hold"),
        ("go1.26rc1-X:nodwarf5", "go>=1.26", "does not hold"),
        ("devel go1.27-3f2a91c Mon Jan 5 2026", "go>=1.26", "holds"),
        ("devel +3f2a91c Mon Jan 5 2026", "go>=1.15", "unknown"),
    ] {
        let mut policy = Policy::new(vocabulary(), judge("rgo-version-m"));
        policy.require(expression).expect(expression);
        let image = built(RecordFormat::GoBuildinfo, toolchain, &[]);
        let judged = policy.judge(image.subject(), &image);
        assert_eq!(judged.findings[0].answer.words(), expected, "{toolchain} {expression}");
    }
}

/// A replaced module is found by both names, in the version of its replacement.
#[test]
fn a_replaced_module_is_asked_for_by_either_name() {
    let text = "dep\tx/c\tv1.0.0\t\n=>\tx/d\tv2.0.0\th1:def=\n";
    let mut image = built(RecordFormat::GoBuildinfo, "go1.26.8", &[]);
    let record = image.inspection.record.known_mut().expect("a record");
    record.info.deps = BuildInfo::parse(text).expect("build information").deps;
    for (expression, expected) in [
        ("dep:x/c>=2", "holds"),
        ("dep:x/d>=2", "holds"),
        ("dep:x/c=1.0.0", "does not hold"),
        ("dep:x/c!=*", "does not hold"),
        ("dep:x/e!=*", "holds"),
    ] {
        let mut policy = Policy::new(vocabulary(), judge("rgo-version-m"));
        policy.require(expression).expect(expression);
        let judged = policy.judge(image.subject(), &image);
        assert_eq!(judged.findings[0].answer.words(), expected, "{expression}");
    }
}

#[test]
fn every_word_is_answered_by_a_value_of_its_kind() {
    let words = vocabulary();
    for path in samples::paths() {
        let image = samples::inspected(&path);
        for word in words.words().filter(|word| word.subject == SubjectKind::Binary) {
            let of = format!("{} of {}", word.name, path.display());
            let member = if word.name.ends_with(':') { "*" } else { "" };
            let fact = match image.get(word.name, member) {
                Ok(fact) => fact,
                Err(NoAnswer::Unknown(why) | NoAnswer::NotApplicable(why)) => {
                    assert!(!why.is_empty() && !why.contains("is not a word"), "{of}: {why}");
                    continue;
                }
            };
            let fits = match (word.kind, &fact.value) {
                (ValueKind::Flag | ValueKind::Presence, FactValue::Flag(_)) => true,
                (
                    ValueKind::OneOf(values)
                    | ValueKind::OneOfOrNumber(values, _)
                    | ValueKind::Name(values)
                    | ValueKind::Level { values, .. },
                    FactValue::Text(text),
                ) => values.contains(&text.as_str()),
                (ValueKind::Version | ValueKind::Time, FactValue::Text(_)) => true,
                (ValueKind::Text | ValueKind::Setting, FactValue::Text(_) | FactValue::List(_)) => {
                    true
                }
                (ValueKind::Dependency, FactValue::Copies { .. }) => true,
                (ValueKind::Size, FactValue::Number(_)) => true,
                _ => false,
            };
            assert!(fits, "{of}: {:?}", fact.value);
        }
    }
    let no_word = sample().get("no-such-word", "");
    assert!(matches!(no_word, Err(NoAnswer::Unknown(why)) if why.contains("is not a word")));
}
