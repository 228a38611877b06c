//! Autolinking for macOS: object files can themselves name libraries to link. clang writes the
//! libraries of a module that `@import` uses into the object, and zig does not read them.
//!
//! ```text
//! LC_LINKER_OPTION   cmd 0x2D, size, count, then `count` strings, each ended by a zero
//!     "-framework\0CoreFoundation\0"     or     "-lobjc\0"
//! ```
//!
//! (`mach-o/loader.h`, `linker_option_command`)
//!
//! Apple's linker drops such a library if the program does not use it, and ignores a library that
//! does not exist. So the shim reads these options only after a link that lacks symbols, and adds a
//! library only if it has one of those symbols. With `-undefined dynamic_lookup` zig reports no missing
//! symbol. Then, if the objects name such libraries, the shim first links without that option.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use object::macho::MachHeader64;
use object::read::archive::ArchiveFile;
use object::read::macho::{LoadCommandVariant, MachHeader};
use object::{Endianness, macho};

use super::search;
use crate::darwin::stubs;

/// The search path of a link, and the object files and archives that it reads.
struct LinkLine<'a> {
    frameworks: Vec<Utf8PathBuf>,
    libraries: Vec<Utf8PathBuf>,
    inputs: Vec<&'a Utf8Path>,
}

/// The options in object files, each as its words: `-framework`, `CoreFoundation`.
type AutolinkOptions = BTreeSet<Vec<String>>;

/// zig's message for a symbol that no input defines.
const UNDEFINED: &str = "undefined symbol: ";

/// The undefined symbols in zig's output.
pub(super) fn undefined(said: &str) -> BTreeSet<&str> {
    said.lines().filter_map(|line| Some(line.split_once(UNDEFINED)?.1.trim())).collect()
}

/// The options in the object files of a link. Leaves out libraries that do not exist and libraries
/// that the command already links. `sdks` have the layout of Apple's SDK.
pub(super) fn asked(args: &[String], sdks: &[Utf8PathBuf]) -> AutolinkOptions {
    let line = LinkLine::read(args, sdks);
    let archives = search::values(args, "-l").filter_map(|name| line.find(name, &["a"]));
    let inputs = line.inputs.iter().map(|path| path.to_path_buf()).chain(archives);
    let mut asked = BTreeSet::new();
    for input in inputs {
        // The linker has already reported unreadable files.
        if let Ok(content) = fs::read(input) {
            of_file(&content, &mut asked);
        }
    }
    let linked = linked(args);
    let is_new = |option: &Vec<String>| name(option).is_some_and(|name| !linked.contains(name));
    asked.retain(|option| line.has(option) && is_new(option));
    asked
}

/// The options for those libraries that have one of these symbols, or whose symbols rgo does not
/// know.
pub(super) fn options(asked: &AutolinkOptions, missing: &BTreeSet<&str>) -> Vec<String> {
    let has = |option: &Vec<String>| {
        let library = option.join(" ");
        stubs::offers(&library, missing).unwrap_or(true)
    };
    asked.iter().filter(|option| has(option)).flatten().cloned().collect()
}

/// The command without `-undefined dynamic_lookup`, so that zig reports missing symbols.
pub(super) fn without_lookup(args: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for arg in args {
        match arg.as_str() {
            "dynamic_lookup" if kept.last().is_some_and(|last| last == "-undefined") => {
                kept.pop();
            }
            "-Wl,-undefined,dynamic_lookup" => {}
            _ => kept.push(arg.clone()),
        }
    }
    kept
}

/// The library that an option in an object file names.
fn name(option: &[String]) -> Option<&str> {
    match option {
        [option, name] if option == "-framework" => Some(name),
        [option] => option.strip_prefix("-l"),
        _ => None,
    }
}

/// The names of all libraries that a command links, by whatever option.
fn linked(args: &[String]) -> BTreeSet<&str> {
    let mut words = args.iter().flat_map(|arg| arg.trim_start_matches("-Wl,").split(','));
    let mut names = BTreeSet::new();
    while let Some(word) = words.next() {
        if word.starts_with('-') && word.ends_with("framework") {
            names.extend(words.next());
        } else if let Some(name) = LINKED.iter().find_map(|start| word.strip_prefix(start)) {
            names.insert(name);
        }
    }
    names
}

/// The prefixes of options that end in the name of a library.
const LINKED: [&str; 5] = ["-weak-l", "-needed-l", "-reexport-l", "-hidden-l", "-l"];

impl<'a> LinkLine<'a> {
    fn read(args: &'a [String], sdks: &[Utf8PathBuf]) -> Self {
        let after = |option| search::values(args, option).map(Utf8PathBuf::from);
        let (mut frameworks, mut libraries): (Vec<_>, Vec<_>) =
            (after("-F").collect(), after("-L").collect());
        frameworks.extend(sdks.iter().map(|sdk| sdk.join("System/Library/Frameworks")));
        libraries.extend(sdks.iter().map(|sdk| sdk.join("usr/lib")));
        let inputs = args.iter().map(|arg| Utf8Path::new(arg.as_str()));
        let inputs = inputs.filter(|path| !path.as_str().starts_with('-') && path.is_file());
        Self { frameworks, libraries, inputs: inputs.collect() }
    }

    /// The file of the library `lib<name>`, with one of these extensions.
    fn find(&self, name: &str, ends: &[&str]) -> Option<Utf8PathBuf> {
        let names: Vec<String> = ends.iter().map(|end| format!("lib{name}.{end}")).collect();
        search::find(self.libraries.iter().map(Utf8PathBuf::as_path), &names)
    }

    fn has(&self, option: &[String]) -> bool {
        let Some(name) = name(option) else { return false };
        match option.len() {
            1 => self.find(name, &["tbd", "dylib", "a"]).is_some(),
            _ => self.frameworks.iter().any(|it| it.join(format!("{name}.framework")).is_dir()),
        }
    }
}

/// Adds the options in an object file, or in the members of an archive.
fn of_file(content: &[u8], asked: &mut BTreeSet<Vec<String>>) {
    let Ok(archive) = ArchiveFile::parse(content) else {
        // A damaged object has no options; the linker reports it.
        let _ = of_object(content, asked);
        return;
    };
    for member in archive.members().flatten() {
        if let Ok(object) = member.data(content) {
            let _ = of_object(object, asked);
        }
    }
}

fn of_object(content: &[u8], asked: &mut BTreeSet<Vec<String>>) -> object::Result<()> {
    let header = MachHeader64::<Endianness>::parse(content, 0)?;
    let endian = header.endian()?;
    let mut commands = header.load_commands(endian, content, 0)?;
    while let Some(command) = commands.next()? {
        if command.cmd() != macho::LC_LINKER_OPTION {
            continue;
        }
        let LoadCommandVariant::LinkerOption(option) = command.variant()? else { continue };
        let count = option.count.get(endian) as usize;
        let strings = command.raw_data().get(size_of_val(option)..).unwrap_or_default();
        let words = strings.split(|byte| *byte == 0).take(count);
        asked.insert(words.map(|word| String::from_utf8_lossy(word).into_owned()).collect());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object file with only these options, each in a load command of its own.
    fn object(options: &[&[&str]]) -> Vec<u8> {
        let mut commands = Vec::new();
        for option in options {
            let mut strings = (option.join("\0") + "\0").into_bytes();
            strings.resize(strings.len().next_multiple_of(8), 0);
            for word in [0x2d, 12 + strings.len(), option.len()] {
                commands.extend(u32::try_from(word).expect("is small").to_le_bytes());
            }
            commands.extend(strings);
        }
        let sizes = [options.len(), commands.len()];
        let [count, size] = sizes.map(|it| u32::try_from(it).expect("is small"));
        let header = [0xfeed_facf, 0x0100_000c, 0, 1, count, size, 0, 0].map(u32::to_le_bytes);
        [header.as_flattened(), &commands].concat()
    }

    fn asked(content: &[u8]) -> Vec<String> {
        let mut all = BTreeSet::new();
        of_file(content, &mut all);
        all.iter().map(|option| option.join(" ")).collect()
    }

    #[test]
    fn options_of_objects_and_archives_are_read() {
        let object = object(&[&["-framework", "CoreFoundation"], &["-lobjc"]]);
        assert_eq!(asked(&object), ["-framework CoreFoundation", "-lobjc"]);
        let size = object.len();
        let mut archive = format!("!<arch>\n{:<48}{size:<10}`\n", "a.o/").into_bytes();
        archive.extend(&object);
        assert_eq!(asked(&archive), ["-framework CoreFoundation", "-lobjc"]);
    }

    #[test]
    fn a_damaged_object_asks_for_nothing_or_for_less() {
        let object = object(&[&["-framework", "CoreFoundation"], &["-lobjc"]]);
        for length in 0..object.len() {
            assert!(asked(&object[..length]).len() <= 2);
        }
        for place in 0..object.len() {
            let mut damaged = object.clone();
            damaged[place] = 0xff;
            assert!(asked(&damaged).len() <= 2, "{place}");
        }
    }

    #[test]
    fn only_what_is_there_and_is_not_linked_is_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let sdk = Utf8PathBuf::try_from(folder.path().to_owned()).expect("UTF-8");
        for name in ["A", "B", "W", "V"] {
            let place = sdk.join(format!("System/Library/Frameworks/{name}.framework"));
            fs::create_dir_all(place).expect("made");
        }
        fs::create_dir_all(sdk.join("usr/lib")).expect("made");
        for name in ["z", "x"] {
            fs::write(sdk.join(format!("usr/lib/lib{name}.tbd")), "").expect("written");
        }
        let frameworks = ["A", "B", "C", "W", "V"].map(|name| ["-framework", name]);
        let mut all: Vec<&[&str]> = frameworks.iter().map(|option| &option[..]).collect();
        all.extend([&["-lz"][..], &["-ly"], &["-lx"]]);
        let input = sdk.join("a.o");
        fs::write(&input, object(&all)).expect("written");
        let line = ["-framework", "A", "-weak_framework", "W", "-Wl,-weak_framework,V", "-weak-lx"];
        let args: Vec<String> =
            line.into_iter().chain([input.as_str()]).map(str::to_owned).collect();
        let asked: Vec<String> =
            super::asked(&args, &[sdk]).iter().map(|option| option.join(" ")).collect();
        assert_eq!(asked, ["-framework B", "-lz"]);
    }

    #[test]
    fn a_library_is_linked_for_the_names_that_it_has() {
        let asked: AutolinkOptions =
            [&["-framework", "Cocoa"][..], &["-framework", "Metal"], &["-lmine"]]
                .map(|option| option.iter().map(|word| (*word).to_owned()).collect())
                .into();
        let said = "error: undefined symbol: _CFRelease\n    note: referenced by a.o\n";
        // Cocoa has the symbol through its re-exports; rgo does not know the symbols of the last
        // library.
        assert_eq!(options(&asked, &undefined(said)), ["-framework", "Cocoa", "-lmine"]);
        assert_eq!(undefined("error: something else"), BTreeSet::new());
    }

    #[test]
    fn the_option_that_leaves_names_open_goes() {
        for line in ["a.o -undefined dynamic_lookup -o b", "a.o -Wl,-undefined,dynamic_lookup -o b"]
        {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(without_lookup(&args), ["a.o", "-o", "b"]);
        }
    }
}
