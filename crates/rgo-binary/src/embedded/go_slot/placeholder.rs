//! The texts that stand in a Go program's slots until the value is written. A build always gives
//! the same slot the same placeholder, so another value needs no link.

/// What every placeholder begins with.
pub(super) const PREFIX: &str = "rgo-slot:";
/// The smallest capacity, in bytes. It has room for a version, a date or a commit's SHA-1.
const MIN_CAPACITY: u32 = 64;
/// The room for a longer value that a capacity has at least.
const HEADROOM: u64 = 16;
/// Fills a placeholder up to its capacity.
const FILL: &str = "-room";

/// The placeholder of a slot: `capacity` bytes of printable ASCII, without spaces, quotes or
/// backslashes. It has the hash of the name, so that no other slot of the program has the same. A
/// capacity below 64 bytes counts as 64.
///
/// ```
/// use rgo_binary::embedded::go_slot::placeholder;
///
/// let text = placeholder("main.version", 64);
/// assert!(text.starts_with("rgo-slot:76f0848bb42e7cbe-room-room"));
/// assert_eq!(text.len(), 64);
/// ```
#[must_use]
pub fn placeholder(name: &str, capacity: u32) -> String {
    let start = format!("{PREFIX}{:016x}", hash(name));
    let capacity = usize::try_from(capacity.max(MIN_CAPACITY)).unwrap_or(usize::MAX);
    start.chars().chain(FILL.chars().cycle()).take(capacity).collect()
}

/// The capacity of a slot for a value of so many bytes: a power of two, at least 64, so that
/// values of about the same length get the same.
#[must_use]
pub fn capacity_for(length: usize) -> u32 {
    let wanted = (length as u64).saturating_add(HEADROOM).min(u64::from(u32::MAX));
    let capacity = u32::try_from(wanted.next_power_of_two()).unwrap_or(u32::MAX);
    capacity.max(MIN_CAPACITY)
}

/// FNV-1a of 64 bits (Fowler, Noll and Vo; RFC 9923).
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_placeholder_fills_its_slot_with_harmless_text() {
        for capacity in [64, 65, 128, 1000] {
            let text = placeholder("example.com/a%2eb.Version", capacity);
            assert_eq!(text.len(), capacity as usize);
            let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-:".contains(c);
            assert!(text.chars().all(is_harmless), "{text}");
        }
        assert_eq!(placeholder("x", 0), placeholder("x", 64));
        let names = ["main.version", "main.Version", "main.versio", "a/main.version", ""];
        let texts: BTreeSet<_> = names.iter().map(|name| placeholder(name, 64)).collect();
        assert_eq!(texts.len(), names.len());
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_capacity_has_room_for_a_longer_value() {
        let cases =
            [(0, 64), (48, 64), (49, 128), (112, 128), (113, 256), (4000, 4096), (5000, 8192)];
        for (length, capacity) in cases {
            assert_eq!(capacity_for(length), capacity, "{length}");
        }
        assert_eq!(capacity_for(usize::MAX), u32::MAX);
    }
}
