//! Reads the defenses of a program and its signature.

pub mod hardening;
pub mod signature;
