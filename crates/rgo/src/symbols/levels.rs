//! How tables for people show groups within groups.

use rgo_report::printable;

/// Groups of the first level, and of each level within it, unless the call says otherwise.
const SHOWN: [usize; 2] = [30, 10];

/// How many groups of a level are shown; the rest are added up.
pub(super) fn limit(of_call: Option<usize>, depth: usize) -> usize {
    of_call.unwrap_or(SHOWN[depth.min(1)])
}

/// A name with a mark for each level around it. Markdown keeps no spaces at the start of a cell.
pub(super) fn indented(depth: usize, name: &str) -> String {
    format!("{}{}", "· ".repeat(depth), printable(name))
}
