//! References of functions to the data by which the unwinder of Windows leaves them. Linkers put it among constants.

use object::File;
use rgo_binary::Image;

use super::Gatherer;
use crate::list::pe_functions;

/// Adds the unwind data of each function.
pub(super) fn gather(image: &Image<'_>, gatherer: &mut Gatherer<'_>) {
    let File::Pe64(file) = image.object() else { return };
    for function in pe_functions(file) {
        let from = gatherer.space.locate(None, function.begin);
        if let (Some(from), Some(data)) = (from, function.unwind_data) {
            gatherer.add(from, data);
        }
    }
}
