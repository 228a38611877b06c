//! What two programs share, with a feature from each: cargo joins the features of whatever is
//! built together, so a program differs by what was built beside it.

/// The features that this was built with.
pub fn features() -> String {
    let mut features = Vec::new();
    if cfg!(feature = "for-a") {
        features.push("for-a".to_owned());
    }
    #[cfg(feature = "for-b")]
    features.push(format!("for-b {}", semver::Version::new(1, 0, 0)));
    features.join(", ")
}
