//! Prints types: of the language, references, functions, trait objects.

use super::{Printer, Within};

impl Printer<'_, '_> {
    /// Prints a type.
    pub(super) fn kind(&mut self) -> Option<()> {
        self.nested(|it| {
            let start = it.at;
            let tag = it.next()?;
            if let Some(name) = basic(tag) {
                it.print(name);
                return Some(());
            }
            match tag {
                b'A' | b'S' => it.array(tag == b'A'),
                b'T' => {
                    it.print("(");
                    let count = it.list(", ", Self::kind)?;
                    it.print(if count == 1 { ",)" } else { ")" });
                    Some(())
                }
                b'R' | b'Q' => it.reference(tag == b'Q'),
                b'P' => {
                    it.print("*const ");
                    it.kind()
                }
                b'O' => {
                    it.print("*mut ");
                    it.kind()
                }
                b'F' => it.in_binder(Self::function),
                b'D' => it.dynamic(),
                b'B' => it.back(Self::kind).map(|_| ()),
                _ => {
                    it.at = start;
                    it.path(Within::Type, false).map(|_| ())
                }
            }
        })
    }

    pub(super) fn array(&mut self, has_length: bool) -> Option<()> {
        self.print("[");
        self.kind()?;
        if has_length {
            self.print("; ");
            self.constant()?;
        }
        self.print("]");
        Some(())
    }

    pub(super) fn reference(&mut self, is_mutable: bool) -> Option<()> {
        self.print("&");
        if self.eat(b'L') {
            let lifetime = self.base_62()?;
            if lifetime != 0 {
                self.print_lifetime(lifetime)?;
                self.print(" ");
            }
        }
        if is_mutable {
            self.print("mut ");
        }
        self.kind()
    }

    pub(super) fn function(&mut self) -> Option<()> {
        self.binder()?;
        if self.eat(b'U') {
            self.print("unsafe ");
        }
        if self.eat(b'K') {
            self.print("extern \"");
            if self.eat(b'C') {
                self.print("C");
            } else {
                let abi = self.identifier().filter(|it| !it.is_punycode)?;
                // A `-` cannot be in an identifier.
                for byte in abi.name {
                    self.print_bytes(&[if *byte == b'_' { b'-' } else { *byte }]);
                }
            }
            self.print("\" ");
        }
        self.print("fn(");
        self.list(", ", Self::kind)?;
        self.print(")");
        if self.eat(b'u') {
            return Some(());
        }
        self.print(" -> ");
        self.kind()
    }

    pub(super) fn dynamic(&mut self) -> Option<()> {
        self.in_binder(|it| {
            it.print("dyn ");
            it.binder()?;
            it.list(" + ", Self::dynamic_trait).map(|_| ())
        })?;
        if !self.eat(b'L') {
            return None;
        }
        let lifetime = self.base_62()?;
        if lifetime != 0 {
            self.print(" + ");
            self.print_lifetime(lifetime)?;
        }
        Some(())
    }

    pub(super) fn dynamic_trait(&mut self) -> Option<()> {
        let mut is_open = self.path(Within::Type, true)?;
        while self.eat(b'p') {
            self.print(if is_open { ", " } else { "<" });
            is_open = true;
            let name = self.identifier()?;
            self.print_bytes(name.name);
            self.print(" = ");
            self.kind()?;
        }
        if is_open {
            self.print(">");
        }
        Some(())
    }

    /// Forgets the lifetimes of a binder behind what is read.
    pub(super) fn in_binder(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let lifetimes = self.lifetimes;
        read(self)?;
        self.lifetimes = lifetimes;
        Some(())
    }

    pub(super) fn binder(&mut self) -> Option<()> {
        let count = self.optional_base_62(b'G')?;
        if count == 0 {
            return Some(());
        }
        // Each lifetime is used later, which takes a byte at least.
        if count >= (self.body.len() as u64).wrapping_sub(self.lifetimes) {
            return None;
        }
        self.print("for<");
        for index in 0..count {
            self.lifetimes += 1;
            if index > 0 {
                self.print(", ");
            }
            self.print_lifetime(1)?;
            if !self.budget.step() {
                return None;
            }
        }
        self.print("> ");
        Some(())
    }

    /// Prints the part at an earlier position, unless nothing is printed.
    pub(super) fn back<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        let target = usize::try_from(self.base_62()?).ok().filter(|it| *it < self.at)?;
        if self.is_silent {
            return Some(None);
        }
        let at = std::mem::replace(&mut self.at, target);
        let result = read(self)?;
        self.at = at;
        Some(Some(result))
    }
}

/// The type of the language for a letter.
fn basic(tag: u8) -> Option<&'static str> {
    Some(match tag {
        b'a' => "i8",
        b'b' => "bool",
        b'c' => "char",
        b'd' => "f64",
        b'e' => "str",
        b'f' => "f32",
        b'h' => "u8",
        b'i' => "isize",
        b'j' => "usize",
        b'l' => "i32",
        b'm' => "u32",
        b'n' => "i128",
        b'o' => "u128",
        b'p' => "_",
        b's' => "i16",
        b't' => "u16",
        b'u' => "()",
        b'v' => "...",
        b'x' => "i64",
        b'y' => "u64",
        b'z' => "!",
        _ => return None,
    })
}
