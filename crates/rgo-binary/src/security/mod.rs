//! How a program is protected, and who vouches for it.

pub mod hardening;
pub mod signature;
