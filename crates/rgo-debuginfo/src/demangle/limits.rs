//! Bounds the work for one name. A name of a few hundred bytes can refer back to its own parts so
//! that its demangled form has more bytes than any memory, and names come from untrusted files.

/// The bounds for one name. A name beyond them is refused, and its mangled form stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest demangled form, in bytes; also the longest mangled name.
    pub output_bytes: usize,
    /// Steps of work: each part of a name that is printed or asked about is one, as often as that
    /// happens. A step takes about 10 ns.
    pub steps: u32,
    /// Deepest nesting of the grammar and of the output. A level takes up to 1 KiB of stack.
    pub depth: u32,
}

impl Default for Limits {
    /// 1 MiB of output, a million steps (about 10 ms), and 1024 levels, which fit into the stack of
    /// any thread. Of two million names of published programs, none needs more than a seventh of the
    /// output, or a tenth of the others.
    fn default() -> Self {
        Self { output_bytes: 1 << 20, steps: 1 << 20, depth: 1024 }
    }
}

/// What is left of the limits while one name is demangled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    steps: u32,
    depth: u32,
    is_over: bool,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { steps: limits.steps, depth: limits.depth, is_over: false }
    }

    /// Takes one step, and goes one level deeper. [`Budget::leave`] goes back up.
    #[inline]
    pub(super) fn enter(&mut self) -> bool {
        if self.steps == 0 || self.depth == 0 {
            self.stop();
            return false;
        }
        self.steps -= 1;
        self.depth -= 1;
        true
    }

    /// Goes one level deeper, for work that the length of the name bounds.
    #[inline]
    pub(super) fn descend(&mut self) -> bool {
        if self.depth == 0 {
            self.stop();
            return false;
        }
        self.depth -= 1;
        true
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }

    /// Takes one step on the same level.
    #[inline]
    pub(super) fn step(&mut self) -> bool {
        if self.steps == 0 {
            self.stop();
            return false;
        }
        self.steps -= 1;
        true
    }

    /// Takes many steps, or all that are left.
    pub(super) fn take(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.steps = self.steps.saturating_sub(steps);
    }

    /// Ends the work: every later step is refused.
    #[cold]
    pub(super) fn stop(&mut self) {
        self.steps = 0;
        self.is_over = true;
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}
