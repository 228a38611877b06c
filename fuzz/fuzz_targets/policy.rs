//! Expressions and policy files by strangers: read, or refused in words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo::app::policy::facts::{judge, vocabulary};
use rgo_policy::Policy;

fuzz_target!(|text: &str| {
    // One judges binaries, the other differences.
    for tool in ["rgo-version-m", "rgo-symbols"] {
        let mut policy = Policy::new(vocabulary(), judge(tool));
        let _ = policy.require(text);
        let _ = policy.add_file("policy.toml", text);
    }
});
