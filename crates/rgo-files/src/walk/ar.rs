//! Visits `ar` archives in memory: static libraries in all dialects, and Debian packages, which are
//! an `ar` with two tars. `object` parses the dialects.

use object::read::archive::ArchiveFile;

use super::foreign::THIN_ARCHIVE;
use super::skip_reason::SkipReason;
use super::visitor::{Body, Visitor};

/// Visits all members except the symbol and name tables.
pub(super) fn visit_members<T>(visitor: &mut Visitor<'_, T>, bytes: &[u8]) {
    let archive = match ArchiveFile::parse(bytes) {
        Ok(archive) => archive,
        Err(why) => return visitor.skip(SkipReason::damaged(why)),
    };
    if archive.is_thin() {
        return visitor.skip(SkipReason::Foreign(&THIN_ARCHIVE));
    }
    for member in archive.members() {
        if visitor.budget.is_over() {
            return;
        }
        match member.and_then(|member| Ok((member.name(), member.data(bytes)?))) {
            Ok((name, content)) => {
                visitor.member(name, |visitor| visitor.body(Body::Bytes(content)));
            }
            Err(why) => visitor.skip(SkipReason::damaged(why)),
        }
    }
}
