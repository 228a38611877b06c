//! The name that a user may have meant, for hints: `did you mean doctor?`.

/// The value that belongs to the name nearest to `typed`, whatever the case; `None` if no name is near
/// enough to have been meant: at most half of its letters may differ. Of several, the first counts.
///
/// ```
/// let names = ["doctor", "targets"].map(|name| (name, name));
/// assert_eq!(rgo_report::nearest("doctr", names), Some("doctor"));
/// assert_eq!(rgo_report::nearest("strip", names), None);
/// ```
pub fn nearest<'n, T>(typed: &str, names: impl IntoIterator<Item = (&'n str, T)>) -> Option<T> {
    let typed = typed.to_lowercase();
    names
        .into_iter()
        .map(|(name, value)| {
            (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name, value)
        })
        .filter(|(distance, name, _)| distance * 2 <= name.len().max(2))
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., value)| value)
}
