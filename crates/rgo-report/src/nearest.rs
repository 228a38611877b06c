//! Finds the name that a user probably meant, for hints: `did you mean doctor?`.

/// The value for the name nearest to `typed`, ignoring case. At most half of the letters may
/// differ; otherwise `None`. Of equally near names, the first counts.
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
