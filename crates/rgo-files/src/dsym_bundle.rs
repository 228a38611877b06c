//! Writes dSYM bundles: the folders that Apple's debuggers look for. A Mach-O file inside has the
//! program's UUID and its DWARF.
//!
//! ```text
//! name.dSYM/Contents/Info.plist
//!                    Resources/DWARF/name
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The path of the Mach-O file in the bundle of a program.
#[must_use]
pub fn inside(name: &str) -> PathBuf {
    Path::new("Contents/Resources/DWARF").join(name)
}

/// Fills an empty bundle. `inside` is the path of the Mach-O file in it, which `write` writes.
///
/// # Errors
/// If it cannot be written.
pub fn fill(
    bundle: &Path,
    inside: &Path,
    write: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let file = bundle.join(inside);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let name = inside.file_name().unwrap_or_default().to_string_lossy();
    fs::write(bundle.join("Contents/Info.plist"), info_plist(&name))?;
    write(&File::create(file)?)
}

/// The property list that dsymutil writes for a program that has none of its own.
fn info_plist(name: &str) -> String {
    let name = escaped(name);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
	<dict>
		<key>CFBundleDevelopmentRegion</key>
		<string>English</string>
		<key>CFBundleIdentifier</key>
		<string>com.apple.xcode.dsym.{name}</string>
		<key>CFBundleInfoDictionaryVersion</key>
		<string>6.0</string>
		<key>CFBundlePackageType</key>
		<string>dSYM</string>
		<key>CFBundleSignature</key>
		<string>????</string>
		<key>CFBundleShortVersionString</key>
		<string>1.0</string>
		<key>CFBundleVersion</key>
		<string>1</string>
	</dict>
</plist>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_element() {
        let plist = info_plist("a</string>&b");
        assert!(plist.contains("<string>com.apple.xcode.dsym.a&lt;/string&gt;&amp;b</string>"));
    }
}
