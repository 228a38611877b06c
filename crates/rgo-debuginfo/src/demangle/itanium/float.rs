//! Writes floating-point literals with hexadecimal digits, as the `%a` of glibc does.
//!
//! ```text
//! float, double  1 sign, 11 exponent, 52 fraction bits   0x1.8p+1      leading digit 1, or 0 if
//!                (a float is written as its double)                    the exponent is 0
//! long double    1 sign, 15 exponent, 64 fraction bits   0xc.8p-2      leading digit: four bits
//! ```

use super::super::append_formatted;

/// Appends a `float` from eight hexadecimal digits.
pub(super) fn append_float(digits: &[u8], out: &mut Vec<u8>) {
    let value = f32::from_bits(number(digits) as u32);
    append_bits(f64::from(value).to_bits(), out);
    out.push(b'f');
}

/// Appends a `double` from sixteen hexadecimal digits.
pub(super) fn append_double(digits: &[u8], out: &mut Vec<u8>) {
    append_bits(number(digits) as u64, out);
}

fn append_bits(bits: u64, out: &mut Vec<u8>) {
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    append_sign(bits >> 63 != 0, out);
    match (exponent, fraction) {
        (0x7ff, 0) => out.extend_from_slice(b"inf"),
        (0x7ff, _) => out.extend_from_slice(b"nan"),
        (0, 0) => append_parts(0, 0, 13, 0, out),
        (0, _) => append_parts(0, fraction, 13, -1022, out),
        _ => append_parts(1, fraction, 13, exponent - 1023, out),
    }
}

/// Appends a `long double` of x86 from twenty hexadecimal digits.
pub(super) fn append_long_double(digits: &[u8], out: &mut Vec<u8>) {
    let bits = number(digits);
    let exponent = (bits >> 64 & 0x7fff) as i32;
    let fraction = bits as u64;
    append_sign(bits >> 79 & 1 != 0, out);
    let leading = (fraction >> 60) as u8;
    let rest = fraction & ((1 << 60) - 1);
    match exponent {
        0x7fff if fraction << 1 == 0 => out.extend_from_slice(b"inf"),
        0x7fff => out.extend_from_slice(b"nan"),
        // The processor refuses a number whose first digit is 0.
        1.. if fraction >> 63 == 0 => out.extend_from_slice(b"nan"),
        0 if fraction == 0 => append_parts(0, 0, 15, 0, out),
        0 => append_parts(leading, rest, 15, -16385, out),
        _ => append_parts(leading, rest, 15, exponent - 16383 - 3, out),
    }
    out.push(b'L');
}

fn append_sign(is_negative: bool, out: &mut Vec<u8>) {
    if is_negative {
        out.push(b'-');
    }
}

/// Appends a number with as many hexadecimal digits behind the point as it needs.
fn append_parts(leading: u8, fraction: u64, width: usize, exponent: i32, out: &mut Vec<u8>) {
    append_formatted(out, format_args!("0x{leading:x}"));
    let point = out.len();
    append_formatted(out, format_args!(".{fraction:0width$x}"));
    // A point without digits behind it is left out, too.
    while out.len() > point && matches!(out.last(), Some(b'0' | b'.')) {
        out.pop();
    }
    append_formatted(out, format_args!("p{exponent:+}"));
}

/// The value of at most 32 hexadecimal digits.
fn number(digits: &[u8]) -> u128 {
    let digit = |byte: &u8| u128::from(char::from(*byte).to_digit(16).unwrap_or(0));
    digits.iter().fold(0, |value, byte| value << 4 | digit(byte))
}
