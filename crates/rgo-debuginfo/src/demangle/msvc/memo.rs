//! Keeps the first ten identifiers of a name, to which the digits `0` to `9` refer.
//!
//! An identifier counts once. Which ones are the same decides about all later digits; LLVM compares
//! their demangled texts. A text is rendered here only if the mangled form does not answer the
//! question: two templates of the same name, with different arguments.

use super::cursor::Span;
use super::memorized::{Key, Memorized, Sameness, Text, compare};
use super::node::{List, Node, NodeId};
use super::parser::Parser;
use super::print::Printer;

/// Identifiers, or types of parameters, to which a digit can refer.
pub(super) const MEMORIZED: usize = 10;

impl Parser<'_> {
    /// Keeps an identifier that is a text.
    #[inline]
    pub(super) fn memorize_text(&mut self, node: NodeId, text: Span) -> Option<()> {
        let first = self.context.names;
        if self.store.names.len() - first >= MEMORIZED {
            return Some(());
        }
        let name = self.cursor.name();
        let bytes = text.of(name);
        let key = Key::new(bytes);
        let mut has_templates = false;
        for old in self.store.names.get(first..)? {
            if old.key == key
                && let Text::Whole(old) = old.text
                && old.of(name) == bytes
            {
                return Some(());
            }
            has_templates |= old.key == Key::NO_TEXT;
        }
        // No other text is that of a template.
        if has_templates && (bytes.contains(&b'<') || self.has_unknown_names()) {
            return self.memorize_as(node, Text::Whole(text));
        }
        self.store.names.push(Memorized { node, key, text: Text::Whole(text), rendered: None });
        Some(())
    }

    fn has_unknown_names(&self) -> bool {
        let names = self.store.names.get(self.context.names..).unwrap_or_default();
        names.iter().any(|it| matches!(it.text, Text::Unknown))
    }

    /// Keeps a template, or the identifier of a symbol, that was read from `start` on.
    pub(super) fn memorize(&mut self, node: NodeId, start: usize) -> Option<()> {
        let arena = &self.store.arena;
        let text = match *arena.node(node) {
            Node::Text(text) => Text::Whole(text),
            Node::WithArguments { name, .. } => match *arena.node(name) {
                Node::Text(identifier) => {
                    Text::Template { identifier, mangled: self.cursor.since(start) }
                }
                _ => Text::Unknown,
            },
            _ => Text::Unknown,
        };
        self.memorize_as(node, text)
    }

    fn memorize_as(&mut self, node: NodeId, text: Text) -> Option<()> {
        let first = self.context.names;
        let end = self.store.names.len();
        if end - first >= MEMORIZED {
            return Some(());
        }
        let key = match text {
            Text::Whole(text) => Key::new(text.of(self.cursor.name())),
            _ => Key::NO_TEXT,
        };
        let mut new = Memorized { node, key, text, rendered: None };
        for index in first..end {
            let old = *self.store.names.get(index)?;
            let is_same = match compare(old.text, text, self.cursor.name()) {
                Sameness::Same => true,
                Sameness::Different => false,
                Sameness::Unknown => self.is_rendered_same(index, &mut new)?,
            };
            if is_same {
                return Some(());
            }
        }
        self.store.names.push(new);
        Some(())
    }

    /// Compares the demangled texts of an identifier that is kept, and of another.
    fn is_rendered_same(&mut self, index: usize, new: &mut Memorized) -> Option<bool> {
        let mut old = *self.store.names.get(index)?;
        let (left, right) = (self.render(&mut old)?, self.render(new)?);
        *self.store.names.get_mut(index)? = old;
        let text = |List { start, count }: List| {
            self.store.rendered.get(start as usize..(start + count) as usize)
        };
        Some(text(left) == text(right))
    }

    fn render(&mut self, memorized: &mut Memorized) -> Option<List> {
        if let Some(rendered) = memorized.rendered {
            return Some(rendered);
        }
        let start = self.store.rendered.len();
        let limit = self.text_limit.saturating_sub(start);
        let name = self.cursor.name();
        let out = &mut self.store.rendered;
        Printer::new(name, &self.store.arena, self.budget, out, limit).part(memorized.node)?;
        let count = u32::try_from(self.store.rendered.len() - start).ok()?;
        memorized.rendered = Some(List { start: u32::try_from(start).ok()?, count });
        memorized.rendered
    }

    /// The identifier for the digit that comes next.
    pub(super) fn memorized_name(&mut self) -> Option<NodeId> {
        let digit = usize::from(self.cursor.next()?.checked_sub(b'0')?);
        let Memorized { node, text, .. } = *self.store.names.get(self.context.names + digit)?;
        match text {
            Text::Whole(_) => Some(node),
            _ => self.add(Node::Memorized(node)),
        }
    }

    /// Keeps the type of a parameter.
    pub(super) fn memorize_parameter(&mut self, node: NodeId) {
        if self.store.parameters.len() - self.context.parameters < MEMORIZED {
            self.store.parameters.push(node);
        }
    }

    /// The type of a parameter for the digit that comes next.
    pub(super) fn memorized_parameter(&mut self) -> Option<NodeId> {
        let digit = usize::from(self.cursor.next()?.checked_sub(b'0')?);
        self.store.parameters.get(self.context.parameters + digit).copied()
    }
}
