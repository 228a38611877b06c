//! References in the code of amd64 and x86: addresses relative to the instruction, and where the program has a fixed
//! address, numbers that are addresses.

use iced_x86::{Code, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

/// Calls `each` with the offset of an instruction in `code`, and an address that it refers to. `is_fixed`: the
/// program runs where it is linked for.
pub(super) fn references_of_amd64(
    code: &[u8],
    address: u64,
    is_fixed: bool,
    each: &mut dyn FnMut(u64, u64),
) {
    references(64, code, address, is_fixed, each);
}

/// The same for x86 with 32 bits.
pub(super) fn references_of_386(
    code: &[u8],
    address: u64,
    is_fixed: bool,
    each: &mut dyn FnMut(u64, u64),
) {
    references(32, code, address, is_fixed, each);
}

fn references(
    bits: u32,
    code: &[u8],
    address: u64,
    is_fixed: bool,
    each: &mut dyn FnMut(u64, u64),
) {
    let mut decoder = Decoder::with_ip(bits, code, address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        if instruction.code() == Code::INVALID {
            continue;
        }
        let offset = instruction.ip().wrapping_sub(address);
        for operand in 0..instruction.op_count() {
            match instruction.op_kind(operand) {
                OpKind::Memory if instruction.is_ip_rel_memory_operand() => {
                    each(offset, instruction.ip_rel_memory_address());
                }
                OpKind::Memory if is_fixed && instruction.memory_base() == Register::None => {
                    each(offset, instruction.memory_displacement64());
                }
                OpKind::Immediate32 | OpKind::Immediate64 | OpKind::Immediate32to64 if is_fixed => {
                    let number = instruction.immediate(operand);
                    if takes_addresses(instruction.mnemonic()) && !is_round(number) {
                        each(offset, number);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether an instruction keeps a number or passes it on. What others take, such as comparisons, is rarely an address.
fn takes_addresses(mnemonic: Mnemonic) -> bool {
    matches!(mnemonic, Mnemonic::Mov | Mnemonic::Push)
}

/// Whether a number looks like a flag or a size: few variables begin at the start of a page.
fn is_round(number: u64) -> bool {
    number.is_multiple_of(0x1000)
}
