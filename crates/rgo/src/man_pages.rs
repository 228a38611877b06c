//! Makes the man pages from the definitions of the command lines. clap_mangen makes the sections but for two:
//! its synopsis leaves out what options take, and it fills the examples and tables behind the help as if they
//! were prose.

use std::io;

use clap::Command as CommandLine;
use clap_mangen::Man;

/// The pages of a command line and of its subcommands: file names and contents. `words` are what a user types
/// to call it.
pub(crate) fn pages(command: &CommandLine, words: &str) -> Vec<(String, Vec<u8>)> {
    let mut pages = vec![(file_name(words), page(command, words))];
    let subcommands = command.get_subcommands().filter(|it| it.get_name() != "help");
    for subcommand in subcommands.filter(|it| !it.is_hide_set()) {
        pages.extend(self::pages(subcommand, &format!("{words} {}", subcommand.get_name())));
    }
    pages
}

fn file_name(words: &str) -> String {
    format!("{}.1", words.replace(' ', "-"))
}

/// The page of a command line, without its subcommands.
pub(crate) fn page(command: &CommandLine, words: &str) -> Vec<u8> {
    let command = command.clone().display_name(words.replace(' ', "-")).bin_name(words);
    let usage = command.clone().render_usage().to_string();
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let has_options = command.get_arguments().any(|arg| !arg.is_hide_set());
    let has_subcommands = command.get_subcommands().any(|it| !it.is_hide_set());
    let has_version = command.get_version().is_some();
    let man = Man::new(command);
    let mut page = Vec::new();
    let mut write = || -> io::Result<()> {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        page.extend(as_it_is("SYNOPSIS", usage.trim_start_matches("Usage:")));
        man.render_description_section(&mut page)?;
        if has_options {
            man.render_options_section(&mut page)?;
        }
        if has_subcommands {
            man.render_subcommands_section(&mut page)?;
        }
        page.extend(notes.iter().flat_map(|notes| as_it_is("NOTES", notes)));
        if has_version { man.render_version_section(&mut page) } else { Ok(()) }
    };
    // Writing into memory cannot fail.
    let _ = write();
    page
}

/// A section whose lines stay as they are.
fn as_it_is(heading: &str, text: &str) -> Vec<u8> {
    let mut section = format!(".SH {heading}\n.nf\n");
    for line in text.trim().lines().map(str::trim_end) {
        // A line that begins with a dot or a quote would be a command of roff.
        section.push_str("\\&");
        section.push_str(&line.replace('\\', "\\e").replace('-', "\\-"));
        section.push('\n');
    }
    section.push_str(".fi\n");
    section.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_no_line_is_a_command() {
        let section = as_it_is("NOTES", "Usage:\n  a -b\n.so /etc/passwd\n'x\\y");
        let expected =
            ".SH NOTES\n.nf\n\\&Usage:\n\\&  a \\-b\n\\&.so /etc/passwd\n\\&'x\\ey\n.fi\n";
        assert_eq!(String::from_utf8(section).expect("UTF-8"), expected);
    }

    #[test]
    fn a_page_has_what_options_take() {
        let command = CommandLine::new("x").arg(clap::arg!(-o <FILE> "the file").required(true));
        let page = String::from_utf8(page(&command, "x y")).expect("UTF-8");
        assert!(page.contains("\\&x y \\-o <FILE>\n"), "{page}");
    }
}
