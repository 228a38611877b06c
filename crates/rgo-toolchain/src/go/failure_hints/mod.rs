//! Gives the next steps for failed builds of Go modules that rgo recognizes by their text: of `go
//! build` and `go list`, of the C compiler and of the linker. A pure function of their output.

mod native;
mod rows;
#[cfg(test)]
mod tests;

use rows::{ROWS, Row, When};

/// What failed.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The name of the toolchain, such as `linux-amd64-static`.
    pub toolchain: &'a str,
    /// Whether Go may compile C.
    pub cgo: bool,
    /// Whether rgo forbids Go the network.
    pub offline: bool,
}

/// How many hints one failure has at most. More would say that one cause has many effects.
const MOST: usize = 3;

/// The next steps for a failed build, the most likely first. Empty if rgo knows none.
///
/// ```
/// use rgo_toolchain::go::failure_hints::{Context, hints};
///
/// let context = Context { toolchain: "linux-arm64", cgo: false, offline: false };
/// let output = "go: updates to go.mod needed; to update it:\n\tgo mod tidy\n";
/// assert!(hints(output, &context)[0].contains("`go mod tidy`"));
/// assert!(hints("./a.go:1:1: undefined: x\n", &context).is_empty());
/// ```
#[must_use]
pub fn hints(output: &str, context: &Context<'_>) -> Vec<String> {
    let text = without_warnings(output);
    let by_rows = ROWS.iter().filter_map(|row| of_row(row, &text, context));
    let mut found: Vec<String> = Vec::new();
    for hint in native::hint(&text, context).into_iter().chain(by_rows) {
        if found.len() < MOST && !found.contains(&hint) {
            found.push(hint);
        }
    }
    found
}

fn of_row(row: &Row, text: &str, context: &Context<'_>) -> Option<String> {
    let applies = match row.when {
        When::Always => true,
        When::Offline => context.offline,
        When::Online => !context.offline,
        When::CgoOff => !context.cgo,
        When::CgoOn => context.cgo,
    };
    if !applies || !row.words.iter().all(|words| text.contains(words)) {
        return None;
    }
    let from = row.words.first().and_then(|first| text.find(first)).unwrap_or_default();
    let line = text.get(..from)?.rfind('\n').map_or(0, |end| end + 1);
    let name = text.get(line..).and_then(|text| word_after(text, row.before_name));
    Some(
        row.hint.replace("{target}", context.toolchain).replace("{name}", name.unwrap_or_default()),
    )
}

/// The word behind these, without quotes, and without the punctuation at its end.
fn word_after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(words)?;
    let rest = rest.trim_start_matches(['\'', '`', '"', ' ']);
    let word = rest.split(['\'', '`', '"', '\n', ' ', '\t']).next().unwrap_or_default();
    Some(word.trim_end_matches([',', ':', ';']))
}

/// Removes colors, and the warnings that a C compiler prints in a successful build too.
fn without_warnings(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let is_kept = |line: &&str| !line.contains("warning:") || line.contains("error:");
    plain.lines().filter(is_kept).flat_map(|line| [line, "\n"]).collect()
}
