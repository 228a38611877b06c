//! Demangles names that no compiler makes: each has to end within the limits, with a refusal or a
//! form, and without a panic or an overflow of the stack.

use proptest::prelude::*;
use rgo_debuginfo::demangle::{DemangleError, Demangler, Limits, NameStyle};

const RECORDED: [&str; 7] = [
    include_str!("fixtures/itanium.txt"),
    include_str!("fixtures/rust_v0_llvm.txt"),
    include_str!("fixtures/rust_v0_people.txt"),
    include_str!("fixtures/rust_legacy_people.txt"),
    include_str!("fixtures/d.txt"),
    include_str!("fixtures/msvc.txt"),
    include_str!("fixtures/swift.txt"),
];

fn names() -> Vec<&'static [u8]> {
    let lines = RECORDED.iter().flat_map(|it| it.lines()).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('\t').next()).map(str::as_bytes).collect()
}

/// Demangles a name in both styles, and checks the limits. Returns the result for LLVM's style.
fn demangle(name: &[u8], limits: Limits) -> Result<Vec<u8>, DemangleError> {
    let mut demangler = Demangler::new(limits);
    let mut results = [NameStyle::Llvm, NameStyle::People].map(|style| {
        let mut text = b"x".to_vec();
        let result = demangler.demangle(name, style, &mut text);
        // A dot before the name is not counted.
        assert!(text.len() <= limits.output_bytes + 2, "{} bytes", text.len());
        assert!(text.starts_with(b"x"));
        assert!(result.is_ok() || text == b"x");
        result.map(|_| text.split_off(1))
    });
    std::mem::replace(&mut results[0], Err(DemangleError::NotMangled))
}

/// A text, repeated.
fn many(text: &str, count: usize) -> String {
    text.repeat(count)
}

/// A C++ name in which each parameter has the one before twice.
fn doubling(count: usize) -> String {
    let mut name = "_Z1f1aIiS_E".to_owned();
    for index in 0..count {
        // A type takes two numbers: for its template, and for itself.
        let digits = base_36(2 * index);
        name.push_str(&format!("1aIS{digits}_S{digits}_E"));
    }
    name
}

fn base_36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.insert(0, char::from_digit((number % 36) as u32, 36).expect("a digit"));
        number /= 36;
        if number == 0 {
            return digits.into_iter().collect::<String>().to_uppercase();
        }
    }
}

/// A Rust name whose types refer back over hundreds of references each.
fn chained(links: usize, tuples: usize) -> String {
    let mut name = "_RINvC1a1fu".to_owned();
    let mut target = name.len() - 3;
    for index in 0..links + tuples {
        // References count from behind `_R`.
        let position = name.len() - 2;
        let reference = format!("B{}", base_62(target));
        if index < links {
            name.push_str(&reference);
        } else {
            name.push_str(&format!("T{}E", reference.repeat(8)));
        }
        target = position;
    }
    name + "E"
}

fn base_62(number: usize) -> String {
    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut digits = "_".to_owned();
    let Some(mut rest) = number.checked_sub(1) else {
        return digits;
    };
    loop {
        digits.insert(0, char::from(DIGITS[rest % 62]));
        rest /= 62;
        if rest == 0 {
            return digits;
        }
    }
}

/// A name of Microsoft's in which each parameter has the one before many times. The ten that it can
/// refer to are enough.
fn multiplying(count: usize) -> String {
    let mut name = "?f@@YAXPEAH".to_owned();
    for index in 0..9 {
        let digits = index.to_string().repeat(count);
        name.push_str(&format!("P6AX{digits}@Z"));
    }
    name + "@Z"
}

#[test]
fn names_of_microsofts_compilers_end_within_the_limits() {
    let deep = 200_000;
    let hostile = [
        multiplying(2),
        multiplying(300),
        format!("?x@@3{}HA", many("PEA", deep)),
        format!("?x@@3{}HA", many("AEA", deep)),
        format!("?x@@3{}XZA", many("P6A", deep)),
        format!("?x@@3{}HA", many("Y00", deep)),
        format!("?x@@3Y{}@HA", many("P", deep)),
        format!("?x@@3{}", many("P8a@@", deep)),
        format!("?x@@3{}", many("PEQa@@", deep)),
        format!("?x@@3{}", many("V?$a@", deep)),
        format!("?{}@@3HA", many("?$", deep)),
        format!("?x@{}@3HA", many("a@", deep)),
        format!("?x@{}@3HA", many("?A@", deep)),
        format!("?x@{}", many("?1?", deep)),
        format!("?x@{}", many("?1??x@", deep)),
        format!("?x@{}", many("?B", deep)),
        format!("?x@?B{}", many("A", deep)),
        format!("??$f@{}", many("$1?$f@", deep)),
        format!("??$f@{}", many("$1??$f@", deep)),
        format!("??$f@{}", many("$MH", deep)),
        format!("??$f@{}@@YAXXZ", many("$S", deep)),
        format!("??$f@{}@@YAXXZ", many("V?$a@H@@", deep)),
        format!("?f@@YAX{}@Z", many("V?$a@PEAH@@V?$a@PAH@@", deep / 10)),
        format!("?f@@YAX{}@Z", many("V?$a@$1??$g@H@@YAXXZ@@", deep / 10)),
        format!("?f@@YAX{}{}@@@@@Z", many("V?$a@H", 900), many("@@U?$a@V1@", 900)),
        format!("{}x@@3HA@YAXXZ", many("??__E", deep)),
        format!("??_7a@@6B{}@", many("a@@", deep)),
        format!("??_C@_0CB@GMHACINE@{}@", many("a", deep)),
        format!("??_C@_1PPPPP@GMHACINE@{}@", many("a?$AA", deep)),
        format!("??@{}", many("?", deep)),
        format!(".?AV{}", many("?$a@V", deep)),
    ];
    for name in hostile {
        // Its limits count the work: what they do not count would hang here.
        let _ = demangle(name.as_bytes(), Limits::default());
    }
    let length = demangle(multiplying(300).as_bytes(), Limits::default()).map(|text| text.len());
    assert!(matches!(length, Err(DemangleError::TooMuchWork | DemangleError::TooLong)));
}

#[test]
fn hostile_names_end_within_the_limits() {
    let deep = 200_000;
    let hostile = [
        doubling(20),
        doubling(2000),
        format!("_Z1f{}i", many("P", deep)),
        format!("_Z1f{}i", many("K", deep)),
        format!("_Z1f{}i", many("U1a", deep)),
        format!("_Z1f{}i", many("A3_", deep)),
        format!("_Z1f{}", many("FPF", deep)),
        format!("_Z1f{}i", many("M1a", deep)),
        format!("_Z1fI{}", many("J", deep)),
        format!("_Z1fI{}", many("LZ1fI", deep)),
        format!("_Z1fIX{}", many("ng", deep)),
        format!("_Z1fIX{}", many("il", deep)),
        format!("_Z1fIXtli{}", many("dx", deep)),
        format!("_Z1fIXtli{}", many("di1a", deep)),
        format!("_Z1fI{}", many("Tp", deep)),
        format!("_Z1fI{}", many("TtTp", deep)),
        format!("_Z1f{}", many("Ul", deep)),
        format!("_Z1f{}", many("Dp", deep)),
        format!("_Z{}", many("Z", deep)),
        format!("_Z{}1a", many("N", deep)),
        format!("_ZN{}E", many("1a", deep)),
        format!("_Z1a{}", many("B1a", deep)),
        format!("_ZT{}", many("h0_T", deep)),
        format!("_ZNST{}", many("C1I1", deep)),
        format!("_ZN1acv{}T_IiEEv", many("R", 400)),
        format!("_ZN1acvT_I{}E", many("S1_", deep)),
        format!("_Z1fIJ{}EEvDpDpDpDpDpT_", many("i", 300)),
        format!("_Z1fIJ{}EEvDp1aIDpT_DpT_DpT_DpT_E", many("i", deep / 8)),
        format!("_Z1fIJEEv{}", many("DpT_", deep)),
        format!("_Z1fIJEEv{}1a{}", many("Dp1aIT_", 100), many("E", 100)),
        format!("_R{}", many("Nv", deep)),
        format!("_RINvC1a1f{}", many("S", deep)),
        format!("_RINvC1a1f{}", many("TB0_", deep)),
        format!("_RINvC1a1fTEB8_{}E", many("TBb_Bb_E", 1000)),
        format!("_RINvC1a1fFG{}_EuE", many("Z", 9)),
        format!("_RINvC1a1f{}E", many("FG_EuE", deep)),
        chained(0, 60),
        chained(400, 60),
        format!("_RNvC1au{}_{}", deep, many("z", deep)),
        format!("_RNvC1au{}_{}_{}", deep, many("a", deep / 2), many("a", deep / 2 - 1)),
        format!("_D{}Z", many("1a", deep)),
        format!("_D{}Z", many("0", deep)),
        format!("_D1a{}Z", many("Qc", deep)),
        format!("_D8a6__initZ{}Z", many("QhQj", deep)),
        format!("_ZN{}17h05af221e174051e9E", many("1a", deep)),
        "_Z1fIJiEEvDpOT_S1_S2_S3_".to_owned(),
    ];
    for name in hostile {
        // Its limits count the work: what they do not count would hang here.
        let _ = demangle(name.as_bytes(), Limits::default());
    }
}

/// A Swift name in which each type has the one before twice.
fn doubling_swift(count: usize) -> String {
    let mut name = "$s1a1bVSg".to_owned();
    for index in 3..count + 3 {
        let before = match index {
            0..26 => ((b'A' + index as u8) as char).to_string(),
            26 => "_".to_owned(),
            _ => format!("{}_", index - 27),
        };
        name.push_str(&format!("_A{before}tSg"));
    }
    name
}

#[test]
fn hostile_swift_names_end_within_the_limits() {
    let people = |name: &str| {
        let mut demangler = Demangler::new(Limits::default());
        let mut text = Vec::new();
        let result = demangler.demangle(name.as_bytes(), NameStyle::People, &mut text);
        assert!(text.len() <= Limits::default().output_bytes + 2);
        result.map(|_| text.len())
    };
    let deep = 100_000;
    // A mangled name within each other one: what is constant for a specialized function.
    let mut nested = "$s1a1byyF".to_owned();
    for _ in 0..400 {
        nested = format!("$s1a1byyyycF{}{nested}Tf1pf_n", nested.len());
    }
    // A word of half the name, as often as the other half has letters.
    let word = "w".repeat(deep);
    let hostile = [
        doubling_swift(20),
        doubling_swift(400),
        format!("$s1a1bVD{}", many("A2048a", deep)),
        format!("$s1a{}C", many("2048A", deep)),
        format!("$sSi{}", many("Sg", deep)),
        format!("$sSi{}D", many("m", deep)),
        format!("$s4main{}y{}G", many("1AV", deep), many("_", deep)),
        format!("$s{}{word}0{}A", word.len(), many("a", deep)),
        format!("$s1a1byyyycF{}Tf1{}_n", many("1a", deep), many("pf", deep)),
        format!("$s1a1byyxRi_{}lF", many("Ri_", deep)),
        format!("$s{}l", many("Rvz", deep)),
        format!("$s1a1byy{}rlF", many("2147483646_", deep)),
        format!("$s1a1byyFTJf{}pSr", many("S", deep)),
        format!("$s00{}_{}", deep, many("z", deep)),
        format!("_Tt{}", many("M", deep)),
        format!("_Tt{}Si", many("R", deep)),
        format!("_TF{}", many("E1a", deep)),
        format!("_TtT{}_", many("Si", deep)),
        format!("_Tt{}", many("GV1a1b", deep)),
        format!("_Ttu{}rT_", many("9999999999999_", deep)),
        format!("{}_TFSi", many("_TTSg5Si__", deep)),
        format!("{}_TF3foog3barSi", many("_TPA__T", deep)),
        "$sRvs".to_owned(),
        "$sSS1-fMb_".to_owned(),
        "$STf2spp".to_owned(),
        "_$sTJSdSpSSSrSPS144z".to_owned(),
        nested,
    ];
    for name in hostile {
        // Its limits count the work: what they do not count would hang here.
        let _ = people(&name);
    }
    assert!(people(&doubling_swift(10)).is_ok());
    let result = people(&doubling_swift(40));
    assert!(matches!(result, Err(DemangleError::TooMuchWork | DemangleError::TooLong)));
}

#[test]
fn limits_refuse_what_is_beyond_them() {
    let name = b"_ZNSt6vectorIiSaIiEE5clearEv";
    let limits = Limits::default();
    assert!(demangle(name, limits).is_ok());
    for (limits, expected) in [
        (Limits { output_bytes: 10, ..limits }, DemangleError::TooLong),
        (Limits { output_bytes: 40, ..limits }, DemangleError::TooLong),
        (Limits { steps: 3, ..limits }, DemangleError::TooMuchWork),
        (Limits { depth: 3, ..limits }, DemangleError::TooMuchWork),
        (Limits { output_bytes: 0, steps: 0, depth: 0 }, DemangleError::TooLong),
    ] {
        assert_eq!(demangle(name, limits), Err(expected), "{limits:?}");
    }
    let name = b"?f@@YAXV?$vector@V?$vector@H@std@@V?$vector@N@2@@std@@@Z";
    assert!(demangle(name, limits).is_ok());
    for (limits, expected) in [
        (Limits { output_bytes: 50, ..limits }, DemangleError::TooLong),
        (Limits { output_bytes: 80, ..limits }, DemangleError::TooLong),
        (Limits { steps: 6, ..limits }, DemangleError::TooMuchWork),
        (Limits { depth: 3, ..limits }, DemangleError::TooMuchWork),
    ] {
        assert_eq!(demangle(name, limits), Err(expected), "{limits:?}");
    }
    let rust = b"_RNvNtNtCs1234_7mycrate3foo3bar3baz";
    for (limits, expected) in [
        (Limits { output_bytes: 36, steps: 2, ..limits }, DemangleError::TooMuchWork),
        (Limits { depth: 2, ..limits }, DemangleError::TooMuchWork),
    ] {
        assert_eq!(demangle(rust, limits), Err(expected), "{limits:?}");
    }
}

#[test]
fn limits_are_those_of_names_for_people_too() {
    let limits = Limits::default();
    for (limits, expected) in [
        (Limits { output_bytes: 40, ..limits }, DemangleError::TooLong),
        (Limits { steps: 60, ..limits }, DemangleError::TooMuchWork),
    ] {
        let mut demangler = Demangler::new(limits);
        let name = b"_RINvC1a1fNtNtC3std6string6StringB7_B7_E";
        let result = demangler.demangle(name, NameStyle::People, &mut Vec::new());
        assert_eq!(result, Err(expected));
    }
}

#[test]
fn a_form_that_doubles_is_cut_off() {
    assert!(demangle(doubling(10).as_bytes(), Limits::default()).is_ok());
    let length = demangle(doubling(40).as_bytes(), Limits::default()).map(|text| text.len());
    assert_eq!(length, Err(DemangleError::TooLong));
}

#[test]
fn every_prefix_of_a_name_is_refused_or_has_a_form() {
    let limits = Limits::default();
    for name in names() {
        for end in 0..name.len() {
            let _ = demangle(&name[..end], limits);
        }
    }
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let small = (0_usize..200, 0_u32..200, 0_u32..20);
    let small =
        small.prop_map(|(output_bytes, steps, depth)| Limits { output_bytes, steps, depth });
    prop_oneof![Just(Limits::default()), small]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_have_a_form(
        prefix in prop_oneof![Just("_Z"), Just("___Z"), Just("_R"), Just("_D"), Just("_ZN"), Just("?"), Just("??$f@"), Just("$s"), Just("_T"), Just("")],
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        limits in any_limits(),
    ) {
        let _ = demangle(&[prefix.as_bytes(), &bytes].concat(), limits);
    }

    #[test]
    fn letters_of_the_grammar_are_refused_or_have_a_form(
        name in "(_Z|_Z1fI|_Z1fIiEDT|_ZN1acv|_R|_RINvC1a1f|_D)[0-9A-Z_a-zEISTJLXNZ_]{0,60}",
        limits in any_limits(),
    ) {
        let _ = demangle(name.as_bytes(), limits);
    }

    #[test]
    fn letters_of_microsofts_grammar_are_refused_or_have_a_form(
        name in "([?]|[?][?]|[?]f@@YAX|[?][?][$]f@|[?][?]_|[.][?]A)[0-9A-Z?$@_?$@a-c<]{0,60}",
        limits in any_limits(),
    ) {
        let _ = demangle(name.as_bytes(), limits);
    }

    #[test]
    fn letters_of_swifts_grammars_are_refused_or_have_a_form(
        name in "([$]s|[$]s4main|[$]s1a1bVyy|_T0|_T|_Tt|_TF1a|_TTSf1)[0-9A-Z_a-zyySiGVFtTWM_]{0,60}",
        limits in any_limits(),
    ) {
        let _ = demangle(name.as_bytes(), limits);
    }

    #[test]
    fn mixed_names_are_refused_or_have_a_form(
        (first, second) in (prop::sample::select(names()), prop::sample::select(names())),
        (cut, from, len) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..30),
        limits in any_limits(),
    ) {
        let (head, tail) = first.split_at(cut.index(first.len()));
        let from = from.index(second.len());
        let inserted = &second[from..second.len().min(from + len)];
        let _ = demangle(&[head, inserted, tail].concat(), limits);
    }
}
