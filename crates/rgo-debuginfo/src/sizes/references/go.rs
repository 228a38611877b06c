//! References of Go's functions to their parts of the function table, and to what the runtime knows of them.

use rgo_binary::recovered::go::GoProgram;

use super::Gatherer;

/// Adds the parts of each function.
pub(super) fn gather(program: &GoProgram<'_>, gatherer: &mut Gatherer<'_>) {
    for function in program.table().functions() {
        let Some(from) = gatherer.space.locate(None, function.entry) else { continue };
        program.table_parts(&function, |address| gatherer.add(from, address));
    }
}
