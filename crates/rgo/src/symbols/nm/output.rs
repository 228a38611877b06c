//! Writes lists of symbols to stdout. The cores render pieces of a list at the same time, and as many pieces
//! are in memory as they render at once.

use anyhow::Result;
use rayon::prelude::*;
use rgo_debuginfo::demangle::{Demangler, Limits, NameStyle};
use rgo_debuginfo::nm::Listing;

use crate::app::output_writer::OutputWriter;

/// Rows of a piece.
const PIECE: usize = 2048;

/// Stdout, for one call.
pub(super) struct Output {
    writer: OutputWriter,
    demangles: bool,
    is_closed: bool,
}

impl Output {
    /// `demangles` says whether names are demangled.
    pub(super) fn new(demangles: bool) -> Result<Self> {
        Ok(Self { writer: OutputWriter::open(None)?, demangles, is_closed: false })
    }

    /// Whether nothing reads stdout any more.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes text.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        if !text.is_empty() && !self.is_closed {
            self.is_closed = !self.writer.write(text)?;
        }
        Ok(())
    }

    /// Writes the rows of a list, each after `prefix`. `has_underscore` says whether a format puts one before
    /// each name.
    pub(super) fn list(
        &mut self,
        listing: &Listing<'_, '_>,
        prefix: &[u8],
        has_underscore: bool,
    ) -> Result<()> {
        let pieces: Vec<usize> = (0..listing.len()).step_by(PIECE).collect();
        for at_once in pieces.chunks(rayon::current_num_threads() * 2) {
            let render = |demangler: &mut Option<Demangler>, start: &usize| {
                let mut text = Vec::with_capacity(PIECE * 64);
                let rows = *start..(start + PIECE).min(listing.len());
                listing.write(
                    rows,
                    prefix,
                    &mut |name, out| match demangler {
                        Some(demangler) => demangle(demangler, name, has_underscore, out),
                        None => false,
                    },
                    &mut text,
                );
                text
            };
            let new = || self.demangles.then(|| Demangler::new(Limits::default()));
            let texts: Vec<Vec<u8>> = at_once.par_iter().map_init(new, render).collect();
            for text in texts {
                self.write(&text)?;
            }
            if self.is_closed {
                break;
            }
        }
        Ok(())
    }
}

/// Appends the demangled name, as LLVM's nm has it; returns whether there is one.
fn demangle(
    demangler: &mut Demangler,
    name: &[u8],
    has_underscore: bool,
    out: &mut Vec<u8>,
) -> bool {
    let name = match has_underscore {
        true => name.strip_prefix(b"_").unwrap_or(name),
        false => name,
    };
    demangler.demangle(name, NameStyle::Llvm, out).is_ok()
}
