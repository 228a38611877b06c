//! Reads the function types of the intermediate language, which say who owns what.

use super::super::node::Kind;
use super::super::tree::Id;
use super::Parser;

const PARAMETER: [(u8, &str); 13] = [
    (b'i', "@in"),
    (b'c', "@in_constant"),
    (b'l', "@inout"),
    (b'b', "@inout_aliasable"),
    (b'n', "@in_guaranteed"),
    (b'X', "@in_cxx"),
    (b'x', "@owned"),
    (b'g', "@guaranteed"),
    (b'e', "@deallocating"),
    (b'y', "@unowned"),
    (b'v', "@pack_owned"),
    (b'p', "@pack_guaranteed"),
    (b'm', "@pack_inout"),
];
const RESULT: [(u8, &str); 9] = [
    (b'r', "@out"),
    (b'o', "@owned"),
    (b'd', "@unowned"),
    (b'u', "@unowned_inner_pointer"),
    (b'a', "@autoreleased"),
    (b'k', "@pack_out"),
    (b'l', "@guaranteed_address"),
    (b'g', "@guaranteed"),
    (b'm', "@inout"),
];
const BEFORE_CALLEE: [(u8, &str); 4] = [
    (b'e', "@escaping"),
    (b'A', "@isolated(any)"),
    (b'N', "@caller_isolated"),
    (b'O', "@called(once)"),
];
const DIFFERENTIABLE: [(u8, &str); 4] = [
    (b'd', "@differentiable"),
    (b'l', "@differentiable(_linear)"),
    (b'f', "@differentiable(_forward)"),
    (b'r', "@differentiable(reverse)"),
];
const CALLEE: [(u8, &str); 4] = [
    (b'y', "@callee_unowned"),
    (b'g', "@callee_guaranteed"),
    (b'x', "@callee_owned"),
    (b't', "@convention(thin)"),
];
const CONVENTION: [(u8, &str); 7] = [
    (b'B', "@convention(block)"),
    (b'C', "@convention(c)"),
    (b'M', "@convention(method)"),
    (b'O', "@convention(objc_method)"),
    (b'K', "@convention(closure)"),
    (b'W', "@convention(witness_method)"),
    (b'V', "@convention(com_method)"),
];
const COROUTINE: [(u8, &str); 3] =
    [(b'A', "@yield_once"), (b'I', "@yield_once_2"), (b'G', "@yield_many")];

impl Parser<'_> {
    pub(super) fn impl_function_type(&mut self) -> Option<Id> {
        let function = self.tree.node(Kind::ImplFunction)?;
        self.impl_substitutions(function)?;
        let signature = self.pop(Kind::Signature);
        if signature.is_some() {
            // The parameters of a pseudo-generic function are those of Objective-C.
            self.eat(b'P');
        }
        for entry in BEFORE_CALLEE {
            self.impl_word(function, &[entry])?;
        }
        self.impl_word(function, &DIFFERENTIABLE)?;
        let callee = self.eat_of(&CALLEE)?;
        let callee = self.tree.node(Kind::Word(callee))?;
        self.tree.add(function, callee)?;
        self.impl_convention(function)?;
        self.impl_word(function, &COROUTINE)?;
        self.impl_word(function, &[(b'h', "@Sendable")])?;
        self.impl_word(function, &[(b'H', "@async")])?;
        if self.eat(b'T') {
            let sending = self.tree.node(Kind::ImplSendingResult)?;
            self.tree.add(function, sending)?;
        }
        if let Some(signature) = signature {
            self.tree.add(function, signature)?;
        }
        let count = self.impl_values(function)?;
        for index in 0..count {
            let id = self.pop(Kind::Type)?;
            let value = self.tree.child(function, self.tree.len(function) - index - 1)?;
            self.tree.add(value, id)?;
        }
        self.wrap(function)
    }

    fn impl_word(&mut self, function: Id, table: &[(u8, &'static str)]) -> Option<()> {
        if let Some(word) = self.eat_of(table) {
            let word = self.tree.node(Kind::Word(word))?;
            self.tree.add(function, word)?;
        }
        Some(())
    }

    /// What stands for the generic parameters of a pattern, and of a call.
    fn impl_substitutions(&mut self, function: Id) -> Option<()> {
        for (letter, kind) in
            [(b's', Kind::ImplPatternSubstitutions), (b'I', Kind::ImplInvocationSubstitutions)]
        {
            if !self.eat(letter) {
                continue;
            }
            let (lists, conformances) = self.bound_generics()?;
            let substitutions = self.tree.node(kind)?;
            if letter == b's' {
                let signature = self.pop(Kind::Signature)?;
                self.tree.add(substitutions, signature)?;
            }
            let [list] = lists.as_slice() else { return None };
            self.tree.add(substitutions, *list)?;
            if let Some(conformances) = conformances {
                self.tree.add(substitutions, conformances)?;
            }
            self.tree.add(function, substitutions)?;
        }
        Some(())
    }

    fn impl_convention(&mut self, function: Id) -> Option<()> {
        if self.peek() == Some(b'z')
            && let Some(letter @ (b'B' | b'C')) = self.name.get(self.at + 1).copied()
        {
            self.at += 2;
            let clang = self.clang_type()?;
            let form = if letter == b'B' {
                "@convention(block, mangledCType: \"{0}\")"
            } else {
                "@convention(c, mangledCType: \"{0}\")"
            };
            let convention = self.tree.with_children(Kind::Form(form), &[clang])?;
            return self.tree.add(function, convention);
        }
        self.impl_word(function, &CONVENTION)
    }

    /// Parameters, results, yields and the error; returns how many types they need.
    fn impl_values(&mut self, function: Id) -> Option<usize> {
        let mut count = 0;
        while let Some(convention) = self.eat_of(&PARAMETER) {
            let parameter = self.impl_value(function, Kind::ImplParameter, convention)?;
            self.impl_derivative(parameter)?;
            for (letter, word) in
                [(b'T', "sending "), (b'I', "isolated "), (b'L', "sil_implicit_leading_param ")]
            {
                if self.eat(letter) {
                    self.impl_attribute(parameter, word)?;
                }
            }
            count += 1;
        }
        while let Some(convention) = self.eat_of(&RESULT) {
            let result = self.impl_value(function, Kind::ImplResult, convention)?;
            self.impl_derivative(result)?;
            count += 1;
        }
        while self.eat(b'Y') {
            let convention = self.eat_of(&PARAMETER)?;
            self.impl_value(function, Kind::ImplOther("@yields "), convention)?;
            count += 1;
        }
        if self.eat(b'z') {
            let convention = self.eat_of(&RESULT)?;
            self.impl_value(function, Kind::ImplOther("@error "), convention)?;
            count += 1;
        }
        if self.eat(b'_') { Some(count) } else { None }
    }

    fn impl_value(&mut self, function: Id, kind: Kind, convention: &'static str) -> Option<Id> {
        let convention = self.tree.with_word(Kind::ImplConvention, convention)?;
        let value = self.tree.with_children(kind, &[convention])?;
        self.tree.add(function, value)?;
        Some(value)
    }

    fn impl_derivative(&mut self, value: Id) -> Option<()> {
        let word = if self.eat(b'w') { "@noDerivative " } else { "" };
        self.impl_attribute(value, word)
    }

    fn impl_attribute(&mut self, value: Id, word: &'static str) -> Option<()> {
        let attribute = self.tree.node(Kind::ImplAttribute(word))?;
        self.tree.add(value, attribute)
    }
}
