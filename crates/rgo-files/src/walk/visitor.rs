//! Visits one file. Recognizes each entry by its content; reports it, opens it or skips it. Archives
//! within archives are visited in the same way, at most [`super::Limits::max_depth`] deep.
//!
//! ```text
//! body ─▶ sniff ─┬─▶ image ─────────────▶ inspect   (and a zip behind it ─▶ zip)
//!                ├─▶ Go object ─────────▶ inspect, if they are asked for
//!                ├─▶ tar, zip, ar ──────▶ each member ─▶ body
//!                ├─▶ gzip, xz, zstd … ──▶ decoder ─▶ tar, or one member ─▶ body
//!                └─▶ the rest ──────────▶ skipped, except disk images
//! ```

use std::io::{self, Read};
use std::mem;

use rgo_binary::FileKind;

use super::budget::Budget;
use super::container::{LayerCandidate, Record};
use super::decoders::Tools;
use super::foreign::{self, Foreign, disk};
use super::name::Name;
use super::reading::{HEAD, fill, read_to_end};
use super::skip_reason::{self, SkipReason};
use super::sniff::{ContentKind, sniff};
use super::{Archive, Found, Inspect, Item, ItemContent, Options, ar, compressed, tar, zip};

/// The content of a file or a member.
pub(super) enum Body<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// A stream. `size` is the archive's claim; a lone compressed file has none.
    Stream { reader: &'a mut dyn Read, size: Option<u64> },
}

impl Body<'_> {
    /// Reads up to `size` bytes of it.
    pub(super) fn read(self, size: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.to_vec()),
            Self::Stream { reader, .. } => {
                let mut text = Vec::new();
                reader.take(size).read_to_end(&mut text)?;
                Ok(text)
            }
        }
    }
}

/// The visit of one file.
pub(super) struct Visitor<'v, T> {
    pub(super) options: &'v Options,
    pub(super) budget: &'v Budget,
    pub(super) named: bool,
    /// The name of the current item.
    pub(super) name: Name,
    pub(super) found: Vec<Found<T>>,
    pub(super) inspect: &'v Inspect<'v, T>,
    /// The current file or member, if it may be a layer of a container image.
    pub(super) layer: Option<LayerCandidate>,
    members: u64,
    images: u64,
    /// Memory for members and decoders, reused for the next ones.
    spare: Vec<Vec<u8>>,
    tools: Vec<Tools>,
}

/// Buffers larger than this are freed, in bytes.
const MAX_SPARE: usize = 64 << 20;

impl<'v, T> Visitor<'v, T> {
    pub(super) fn new(
        options: &'v Options,
        budget: &'v Budget,
        inspect: &'v Inspect<'v, T>,
        name: Name,
        named: bool,
    ) -> Self {
        Self {
            options,
            budget,
            named,
            name,
            found: Vec::new(),
            inspect,
            layer: None,
            members: 0,
            images: 0,
            spare: Vec::new(),
            tools: Vec::new(),
        }
    }

    /// The number of archives around the current item.
    pub(super) fn level(&self) -> usize {
        self.name.members().len()
    }

    pub(super) fn emit_item(&mut self, content: ItemContent<'_>) {
        let item = Item { name: &self.name, named: self.named, content };
        if let Some(value) = (self.inspect)(&item) {
            let name = self.name.clone();
            self.found.push(Found { name, named: self.named, layers: Vec::new(), value });
        }
    }

    pub(super) fn skip(&mut self, why: SkipReason) {
        self.emit_item(ItemContent::Skipped(&why));
    }

    /// Reports a failed read, unless an archive around this one reports it or it was reported before.
    pub(super) fn skip_io(&mut self, error: io::Error) {
        let level = skip_reason::broken(&error).map(|broken| broken.level);
        let further_out = level.is_some_and(|level| level < self.level());
        let why = skip_reason::from_io(error);
        let is_news = match why {
            // This limit ends the whole visit, so only the innermost archive is sure to see the
            // error.
            SkipReason::Decompressed { .. } => self.budget.is_news(),
            _ => !further_out && !self.budget.is_over(),
        };
        if is_news {
            self.skip(why);
        }
    }

    /// Enters a member: counts it, and sets its name during `visit`.
    pub(super) fn member(&mut self, name: &[u8], visit: impl FnOnce(&mut Self)) {
        let limit = self.options.limits.max_name;
        self.members = self.members.saturating_add(1);
        if let Err(why) = self.budget.member() {
            return self.skip(why);
        }
        if self.budget.is_over() {
            return;
        }
        match name.get(..limit) {
            Some(start) if name.len() > limit => {
                self.name.push(&[start, "…".as_bytes()].concat());
                self.skip(SkipReason::NameTooLong { size: name.len() as u64, limit });
            }
            _ => {
                self.name.push(name);
                visit(self);
            }
        }
        self.name.pop();
    }

    /// Visits the content of a file or a member.
    pub(super) fn body(&mut self, body: Body<'_>) {
        match body {
            Body::Bytes(bytes) => self.bytes(bytes),
            Body::Stream { reader, size } => self.stream_body(reader, size),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match self.kind(bytes) {
            ContentKind::Foreign(what) if self.reads(what) => {
                self.images += 1;
                self.emit_item(ItemContent::GoObject(bytes));
            }
            ContentKind::Foreign(what) if what.is_program() => self.skip(SkipReason::Foreign(what)),
            _ if !self.options.archives => self.image(bytes),
            ContentKind::Image | ContentKind::Prefix => self.image(bytes),
            kind @ (ContentKind::Gzip
            | ContentKind::Xz
            | ContentKind::Zstd
            | ContentKind::Bzip2) => {
                let mut reader = bytes;
                self.archive(kind, |visitor| {
                    compressed::visit_unpacked(visitor, kind, &mut reader)
                });
            }
            ContentKind::Tar => self.archive(ContentKind::Tar, |visitor| {
                tar::visit_members(visitor, tar::TarSource::Bytes(bytes));
            }),
            ContentKind::Zip => {
                self.archive(ContentKind::Zip, |visitor| zip::visit_members(visitor, bytes))
            }
            ContentKind::Ar => {
                self.archive(ContentKind::Ar, |visitor| ar::visit_members(visitor, bytes))
            }
            ContentKind::Foreign(what) => self.skip(SkipReason::Foreign(what)),
            ContentKind::Other => self.other(bytes),
        }
    }

    /// Whether the caller reads what others do not.
    fn reads(&self, what: &Foreign) -> bool {
        self.options.go_objects && what.is_go_object()
    }

    /// Recognizes all these bytes. An Apple disk image starts like the compression of its first
    /// block.
    fn kind(&self, bytes: &[u8]) -> ContentKind {
        let kind = sniff(bytes.get(..HEAD).unwrap_or(bytes));
        let may_be_disk = matches!(kind, ContentKind::Other | ContentKind::Bzip2 | ContentKind::Xz);
        let disk = disk::of_bytes(bytes).filter(|_| may_be_disk && self.options.archives);
        disk.map_or(kind, ContentKind::Foreign)
    }

    /// Visits an image, and then the zip that may be appended to it.
    fn image(&mut self, bytes: &[u8]) {
        let is_image = !matches!(FileKind::parse(bytes), FileKind::Other | FileKind::Archive)
            && !foreign::is_core_dump(bytes);
        let foreign = foreign::dos(bytes).filter(|_| !is_image);
        if is_image {
            self.images += 1;
            self.emit_item(ItemContent::Image(bytes));
        } else if let Some(foreign) = foreign {
            self.skip(SkipReason::Foreign(foreign));
        }
        if self.options.archives && zip::is_appended(bytes) {
            self.archive_behind(is_image, ContentKind::Zip, |visitor| {
                zip::visit_members(visitor, bytes)
            });
        } else if let Some(script) = foreign::script(bytes).filter(|_| self.options.archives) {
            self.skip(SkipReason::Foreign(script));
        } else if !is_image && foreign.is_none() {
            self.other(bytes);
        }
    }

    fn stream_body(&mut self, reader: &mut dyn Read, size: Option<u64>) {
        let mut head = [0; HEAD];
        let head = match fill(reader, &mut head) {
            Ok(length) => head.get(..length).unwrap_or_default(),
            Err(error) => return self.skip_io(error),
        };
        let reader = &mut head.chain(reader);
        match sniff(head) {
            ContentKind::Foreign(what) if self.reads(what) => self.whole(reader, size),
            ContentKind::Foreign(what) if what.is_program() => self.skip(SkipReason::Foreign(what)),
            _ if !self.options.archives => self.whole(reader, size),
            kind @ (ContentKind::Gzip
            | ContentKind::Xz
            | ContentKind::Zstd
            | ContentKind::Bzip2) => {
                self.archive(kind, |visitor| compressed::visit_unpacked(visitor, kind, reader));
            }
            ContentKind::Tar => self.archive(ContentKind::Tar, |visitor| {
                tar::visit_members(visitor, tar::TarSource::Stream(reader));
            }),
            kind @ (ContentKind::Zip | ContentKind::Ar) if self.is_too_deep() => {
                self.archive(kind, |_| {})
            }
            ContentKind::Image | ContentKind::Prefix | ContentKind::Zip | ContentKind::Ar => {
                self.whole(reader, size)
            }
            ContentKind::Foreign(what) => self.skip(SkipReason::Foreign(what)),
            ContentKind::Other if disk::is_possible(head) => {
                // A tar skips over its members' bytes anyway. A lone compressed file need not be
                // read.
                let to_end = size.is_some() || self.level() == 0;
                match disk::of_stream(reader, to_end) {
                    Ok(Some(disk)) => self.skip(SkipReason::Foreign(disk)),
                    Ok(None) => self.other(head),
                    Err(error) => self.skip_io(error),
                }
            }
            ContentKind::Other => self.other(head),
        }
    }

    /// Lends the decoders' state, one per depth.
    pub(super) fn with_tools<O>(&mut self, visit: impl FnOnce(&mut Self, &mut Tools) -> O) -> O {
        let mut tools = self.tools.pop().unwrap_or_else(Tools::new);
        let outcome = visit(self, &mut tools);
        self.tools.push(tools);
        outcome
    }

    /// Reads an item into memory that cannot be visited as a stream, and visits it.
    fn whole(&mut self, reader: &mut dyn Read, size: Option<u64>) {
        let mut whole = self.spare.pop().unwrap_or_default();
        match self.gather(reader, size, &mut whole) {
            Ok(()) => self.bytes(&whole),
            Err(Unreadable::Skipped(why)) => self.skip(why),
            Err(Unreadable::Io(error)) => self.skip_io(error),
        }
        if whole.capacity() <= MAX_SPARE {
            self.spare.push(whole);
        }
    }

    /// The record for a tar that begins here, if it may be a layer.
    pub(super) fn begin_layer(&mut self) -> Option<Record> {
        let here = self.level();
        match self.layer.take()? {
            LayerCandidate::Expected { level, record } if level == here => Some(record),
            _ => None,
        }
    }

    /// Reports a file of no interest if the user named it: silence would be a wrong answer.
    fn other(&mut self, bytes: &[u8]) {
        let head = bytes.get(..HEAD).unwrap_or(bytes);
        // A tar without members contains only the zeros of its end marker.
        if self.layer.is_some() && head.iter().all(|byte| *byte == 0) {
            self.layer = self.layer.take().map(LayerCandidate::blank);
        }
        if self.named && self.level() == 0 {
            self.emit_item(ItemContent::Other(foreign::describe(head)));
        }
    }

    fn is_too_deep(&self) -> bool {
        self.level() >= self.options.limits.max_depth
    }

    /// Visits an archive, and reports its counts after its members.
    fn archive(&mut self, kind: ContentKind, visit: impl FnOnce(&mut Self)) {
        self.archive_behind(false, kind, visit);
    }

    /// Like [`Self::archive`], for one that may be appended to an image.
    fn archive_behind(
        &mut self,
        is_behind_image: bool,
        kind: ContentKind,
        visit: impl FnOnce(&mut Self),
    ) {
        if self.is_too_deep() {
            return self.skip(SkipReason::TooDeep { limit: self.options.limits.max_depth });
        }
        let around = (mem::take(&mut self.members), mem::take(&mut self.images));
        visit(self);
        let inside = (mem::replace(&mut self.members, around.0), self.images);
        self.images = self.images.saturating_add(around.1);
        let (members, images) = inside;
        self.emit_item(ItemContent::Archive(Archive { kind, members, images, is_behind_image }));
    }

    /// Reads a whole member, within the limits.
    fn gather(
        &self,
        reader: &mut dyn Read,
        size: Option<u64>,
        whole: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let limit = self.options.limits.max_member;
        if size.is_some_and(|size| size > limit) {
            return Err(Unreadable::Skipped(SkipReason::TooLarge { size, limit }));
        }
        whole.clear();
        // Reserves no more memory for the claimed size than is cheap.
        let likely = size.unwrap_or(0).min(MAX_SPARE as u64);
        whole.reserve(usize::try_from(likely).unwrap_or(0));
        let read = read_to_end(&mut reader.take(limit.saturating_add(1)), whole)?;
        match size {
            _ if read > limit => {
                Err(Unreadable::Skipped(SkipReason::TooLarge { size: None, limit }))
            }
            Some(size) if read < size => {
                let why = format!("{} of its {size} bytes are missing", size - read);
                Err(Unreadable::Skipped(SkipReason::damaged(why)))
            }
            _ => Ok(()),
        }
    }
}

/// Why a member cannot be read as a whole.
enum Unreadable {
    Skipped(SkipReason),
    Io(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
