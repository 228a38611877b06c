//! Visits compressed streams: decodes them and visits the content.

use std::cell::Cell;
use std::io::Read;

use super::budget::{Guarded, Taken};
use super::decoders::{self, Tools};
use super::reading::{HEAD, discard, fill};
use super::sniff::{ContentKind, sniff};
use super::tar;
use super::visitor::{Body, Visitor};

/// Visits the content of a compressed stream: a tar as if it were uncompressed, anything else as
/// the only member.
pub(super) fn visit_unpacked<T>(
    visitor: &mut Visitor<'_, T>,
    kind: ContentKind,
    reader: &mut dyn Read,
) {
    visitor.with_tools(|visitor, tools| unpack(visitor, tools, kind, reader));
}

fn unpack<T>(
    visitor: &mut Visitor<'_, T>,
    tools: &mut Tools,
    kind: ContentKind,
    reader: &mut dyn Read,
) {
    let taken = Cell::new(0);
    let budget = visitor.budget;
    let decoder = decoders::from_stream(kind, Taken::new(reader, &taken), tools);
    let mut unpacked = Guarded::new(decoder, budget, &taken, visitor.level());
    let mut head = [0; HEAD];
    let head = match fill(&mut unpacked, &mut head) {
        Ok(length) => head.get(..length).unwrap_or_default(),
        Err(error) => return visitor.skip_io(error),
    };
    let inside = sniff(head);
    let mut rest = head.chain(unpacked);
    let whole = match inside {
        ContentKind::Tar => tar::visit_members(visitor, tar::TarSource::Stream(&mut rest)),
        _ => {
            let name = visitor.name.unpacked();
            visitor.member(name.as_bytes(), |visitor| {
                visitor.body(Body::Stream { reader: &mut rest, size: None });
            });
            inside != ContentKind::Other
        }
    };
    // The checksum is at the end. Read up to it if the visitor used any of the content.
    if whole && let Err(error) = discard(&mut rest, u64::MAX) {
        visitor.skip_io(error);
    }
}
