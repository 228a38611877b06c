//! References in the code of arm64 (Arm, "A64 instruction set"): an address takes two instructions, the page and the
//! rest.
//!
//! ```text
//! ADR   0 immlo 10000 immhi Rd       Rd = address of the instruction + imm
//! ADRP  1 immlo 10000 immhi Rd       Rd = page of the instruction + imm × 4096
//! ADD   1 0010001 0 sh imm12 Rn Rd   Rd = Rn + imm12
//! LDR   size 111 V 01 opc imm12 Rn Rt    Rt = memory at Rn + imm12 × size of the access
//! ```

const PAGE: u64 = 4096;

/// Calls `each` with the offset of an instruction in `code`, and an address that it refers to.
pub(super) fn references(
    code: &[u8],
    address: u64,
    _is_fixed: bool,
    each: &mut dyn FnMut(u64, u64),
) {
    // The page in each register, if one was put there.
    let mut pages = [None; 32];
    for (offset, bytes) in (0..).step_by(4).zip(code.as_chunks().0) {
        let word = u32::from_le_bytes(*bytes);
        let at = address.wrapping_add(offset);
        let register = |shift: u32| ((word >> shift) & 31) as usize;
        let target = pages.get_mut(register(0));
        if word & 0x1f00_0000 == 0x1000_0000 {
            let low = (word >> 29) & 3;
            let high = (word >> 5) & 0x7_ffff;
            // 21 bits with a sign.
            let distance = i64::from(((high << 2 | low) << 11).cast_signed() >> 11);
            if word >> 31 == 0 {
                each(offset, at.wrapping_add_signed(distance));
            } else if let Some(target) = target {
                *target = Some(
                    (at & !(PAGE - 1)).wrapping_add_signed(distance.wrapping_mul(PAGE as i64)),
                );
            }
            continue;
        }
        let page = pages.get(register(5)).copied().flatten();
        let immediate = u64::from((word >> 10) & 0xfff);
        let is_add = word & 0xff80_0000 == 0x9100_0000;
        let is_access = word & 0x3b00_0000 == 0x3900_0000;
        let Some(page) = page.filter(|_| is_add || is_access) else { continue };
        let scale = match (is_access, word >> 30, (word >> 26) & 1, (word >> 23) & 1) {
            (false, ..) => u32::from(word & 0x0040_0000 != 0) * 12,
            // A vector of 128 bits.
            (true, 0, 1, 1) => 4,
            (true, size, ..) => size,
        };
        each(offset, page.wrapping_add(immediate << scale));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_the_rest_make_addresses() {
        let code: Vec<u8> = [
            0xb000_0000_u32, // adrp x0, +1 page
            0x9100_4000,     // add x0, x0, #16
            0xf940_0801,     // ldr x1, [x0, #16]
            0x3dc0_0400,     // ldr q0, [x0, #16]
            0x1000_0062,     // adr x2, +12
            0xf0ff_ffe3,     // adrp x3, -1 page
            0x9100_0464,     // add x4, x3, #1
            0xd65f_03c0,     // ret
        ]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
        let mut found = Vec::new();
        references(&code, 0x1_0008, false, &mut |offset, to| found.push((offset, to)));
        let expected = [(4, 0x1_1010), (8, 0x1_1010), (12, 0x1_1010), (16, 0x1_0024), (24, 0xf001)];
        assert_eq!(found, expected);
    }
}
