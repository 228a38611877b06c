//! Entitlements: the permissions that a program for macOS asks the system for, in the forms of a
//! code signature.
//!
//! ```text
//! slot 5   fade7171, length, the property list in XML, as it was given
//! slot 7   fade7172, length, the same in DER:
//!
//! [APPLICATION 16] { INTEGER 1, dictionary }        70 … 02 01 01 …
//! dictionary   [16] { SEQUENCE { UTF8String, value } … }   b0 …, keys in order
//! value        BOOLEAN, INTEGER, UTF8String, SEQUENCE of values, or a dictionary
//! ```
//!
//! (XNU's `osfmk/kern/cs_blobs.h`; `DER entitlements` in Apple's TN3125; ITU-T X.690)

use object::macho;
use plist::{Dictionary, Value};

use rgo_binary::{Error, Result};

use crate::property_list;

/// Maximum nesting of lists.
const DEEPEST: usize = 32;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const UTF8_STRING: u8 = 0x0c;
const SEQUENCE: u8 = 0x30;
const APPLICATION_16: u8 = 0x70;
const CONTEXT_16: u8 = 0xb0;

/// Entitlements that also set a flag of the signature's code segment.
const FLAGS: [(&str, macho::CsExecSegFlags); 5] = [
    ("get-task-allow", macho::CS_EXECSEG_ALLOW_UNSIGNED),
    ("run-unsigned-code", macho::CS_EXECSEG_ALLOW_UNSIGNED),
    ("com.apple.private.cs.debugger", macho::CS_EXECSEG_DEBUGGER),
    ("dynamic-codesigning", macho::CS_EXECSEG_JIT),
    ("com.apple.private.skip-library-validation", macho::CS_EXECSEG_SKIP_LV),
];

/// Entitlements in the two forms of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    /// The property list, unchanged.
    pub(crate) xml: Vec<u8>,
    /// The same in DER.
    pub(crate) der: Vec<u8>,
    /// Flags of the code segment.
    pub(crate) flags: u64,
}

impl Entitlements {
    /// Reads an XML property list.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is not a property list, or its root is no dictionary;
    /// [`Error::Unsupported`] for values that entitlements do not have (dates, data, reals).
    pub fn from_plist(xml: &[u8]) -> Result<Self> {
        let refuse = |why: &str| Err(Error::malformed("list of entitlements", 0, why));
        if property_list::is_binary(xml) {
            return refuse("it is not of XML");
        }
        let Value::Dictionary(list) = property_list::parse(xml)? else {
            return refuse("its root is no dictionary");
        };
        let mut content = element(INTEGER, &[1]);
        content.extend(dictionary(&list, 0)?);
        let is_set = |name: &str| list.get(name).and_then(Value::as_boolean) == Some(true);
        let flags = FLAGS.iter().filter(|(name, _)| is_set(name));
        let flags = flags.fold(0, |all, (_, flag)| all | flag.0);
        Ok(Self { xml: xml.to_vec(), der: element(APPLICATION_16, &content), flags })
    }
}

fn dictionary(list: &Dictionary, depth: usize) -> Result<Vec<u8>> {
    let mut entries: Vec<(&String, &Value)> = list.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_bytes());
    let mut content = Vec::new();
    for (key, value) in entries {
        let mut entry = element(UTF8_STRING, key.as_bytes());
        entry.extend(self::value(value, depth + 1)?);
        content.extend(element(SEQUENCE, &entry));
    }
    Ok(element(CONTEXT_16, &content))
}

fn value(value: &Value, depth: usize) -> Result<Vec<u8>> {
    let refuse = |why: &str| Err(Error::unsupported("these entitlements", why));
    if depth > DEEPEST {
        return refuse("lists lie too deep in lists");
    }
    match value {
        Value::Boolean(value) => Ok(element(BOOLEAN, &[if *value { 0xff } else { 0 }])),
        Value::String(text) => Ok(element(UTF8_STRING, text.as_bytes())),
        Value::Integer(number) => match number.as_signed() {
            Some(number) => Ok(element(INTEGER, &integer(number))),
            None => refuse("a number is too large"),
        },
        Value::Array(values) => {
            let parts: Result<Vec<Vec<u8>>> =
                values.iter().map(|one| self::value(one, depth + 1)).collect();
            Ok(element(SEQUENCE, &parts?.concat()))
        }
        Value::Dictionary(list) => dictionary(list, depth + 1),
        _ => refuse("a value is neither text, a whole number, true, false nor a list"),
    }
}

/// Encodes a number in as few bytes as keep its sign.
fn integer(number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let is_needless = |pair: &[u8]| {
        matches!(pair, [0, next] if *next < 0x80) || matches!(pair, [0xff, next] if *next >= 0x80)
    };
    let from = bytes.windows(2).take_while(|pair| is_needless(pair)).count();
    bytes.get(from..).unwrap_or(&bytes).to_vec()
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut all = vec![tag];
    let length = content.len();
    if length < 0x80 {
        all.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        all.push(0x80 | bytes.len() as u8);
        all.extend(bytes);
    }
    all.extend_from_slice(content);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(content: &str) -> String {
        format!("<?xml version=\"1.0\"?><plist version=\"1.0\">{content}</plist>")
    }

    #[test]
    fn values_have_their_forms_and_keys_their_order() {
        let xml = list(
            "<dict><key>b</key><true/><key>a</key><array><string>x</string><integer>300</integer></array></dict>",
        );
        let found = Entitlements::from_plist(xml.as_bytes()).expect("is right");
        let expected =
            "701b020101b016300c0c0161 30070c0178 0202012c 30060c01620101ff".replace(' ', "");
        assert_eq!(hex::encode(&found.der), expected);
        assert_eq!(found.flags, 0);
    }

    #[test]
    fn numbers_are_as_short_as_can_be() {
        for (number, expected) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (-1, &[0xff]),
            (-129, &[0xff, 0x7f]),
            (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(integer(number), expected, "{number}");
        }
    }

    #[test]
    fn long_content_has_a_long_length() {
        let long = element(UTF8_STRING, &[b'x'; 300]);
        assert_eq!(long.get(..4), Some(&[0x0c, 0x82, 1, 44][..]));
    }

    #[test]
    fn a_debugger_is_let_in_by_a_flag() {
        let xml = list("<dict><key>get-task-allow</key><true/></dict>");
        let found = Entitlements::from_plist(xml.as_bytes()).expect("is right");
        assert_eq!(found.flags, macho::CS_EXECSEG_ALLOW_UNSIGNED.0);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for bad in [
            String::new(),
            "{}".to_owned(),
            list("<array/>"),
            list("<dict><key>a</key><real>1.5</real></dict>"),
            list(&format!(
                "<dict><key>a</key>{}{}</dict>",
                "<array>".repeat(100),
                "</array>".repeat(100)
            )),
        ] {
            assert!(Entitlements::from_plist(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
