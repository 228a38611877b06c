//! Archives of every kind, made in memory: which items a walk reports, in which order, and which
//! texts it has for skipped content. Damaged archives cause no panic.

mod at_once;
mod build;
mod files;
mod foreign;
mod hostile;
mod images;
mod in_order;
mod kinds;

use std::io::Read;

use super::budget::Budget;
use super::name::Name;
use super::visitor::{Body, Visitor};
use super::{Found, Item, ItemContent, Limits, Options, file};

/// An item as text, without its name.
fn words(item: &Item<'_>) -> Option<String> {
    Some(match &item.content {
        ItemContent::Image(bytes) => format!("image {}", bytes.len()),
        ItemContent::GoObject(bytes) => format!("go object {}", bytes.len()),
        ItemContent::Other(what) => what.map_or_else(|| "other".to_owned(), ToString::to_string),
        ItemContent::Link { target } => format!("-> {target}"),
        ItemContent::Archive(is) => format!("{:?} {}/{}", is.kind, is.images, is.members),
        ItemContent::Skipped(why) => format!("refused: {why}"),
    })
}

fn found(body: Body<'_>, options: &Options) -> Vec<Found<String>> {
    let budget = Budget::new(options.limits);
    let inspect = |item: &Item<'_>| words(item);
    let mut visitor = Visitor::new(options, &budget, &inspect, Name::new("x".into()), true);
    match body {
        Body::Stream { reader, .. } => file::visit_stream(&mut visitor, reader),
        body @ Body::Bytes(_) => visitor.body(body),
    }
    visitor.found
}

fn line(found: &Found<String>) -> String {
    format!("{} {}", found.name, found.value)
}

fn lines(found: Vec<Found<String>>) -> Vec<String> {
    found.iter().map(line).collect()
}

/// The items of a mapped file.
fn mapped(bytes: &[u8], options: &Options) -> Vec<String> {
    lines(found(Body::Bytes(bytes), options))
}

/// The items of a stream that comes in small pieces.
fn streamed(bytes: &[u8], options: &Options) -> Vec<String> {
    let mut reader = Pieces(bytes);
    lines(found(Body::Stream { reader: &mut reader, size: None }, options))
}

/// Checks that both give the same.
#[track_caller]
fn check(bytes: &[u8], limits: Limits, expected: &[&str]) {
    let options = Options { limits, ..Options::default() };
    assert_eq!(mapped(bytes, &options), expected, "mapped");
    assert_eq!(streamed(bytes, &options), expected, "streamed");
}

struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(97);
        self.0.read(&mut buffer[..length])
    }
}
