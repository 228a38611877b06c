//! Reads the command lines out of a document, each with the output that the document shows.

/// A block of command lines that a reader types one after the other.
pub(crate) struct Block(pub(crate) Vec<Line>);

/// One command line.
pub(crate) struct Line {
    /// Document and line, as `README.md:53`.
    pub(crate) at: String,
    pub(crate) command: String,
    /// The lines that the document shows below it. `None` if its block shows no output at all: then
    /// the document says nothing of it.
    pub(crate) output: Option<Vec<String>>,
}

/// Programs whose calls are command lines also where they stand in a sentence.
const TOOLS: [&str; 7] =
    ["rgo", "rgo-build", "rgo-strip", "rgo-symbols", "rgo-version-m", "cargo-rgo", "cargo"];

/// The blocks of a Markdown document. A call in a sentence is a block of its own.
///
/// Panics at what may hold a command and is in no form that is known here.
pub(crate) fn of_markdown(name: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((first, line)) = lines.next() {
        let fence = |line: &str| line.trim_start().starts_with("```");
        let mut inside = Vec::new();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            while let Some(next) = lines.next_if(|(_, line)| !fence(line)) {
                inside.push(next);
            }
            assert!(lines.next().is_some(), "{name}:{first}: the block has no end");
            blocks.push(of_block(name, first, language, &inside));
        } else {
            inside.push((first, line));
            while let Some(next) = lines.next_if(|(_, line)| !fence(line)) {
                inside.push(next);
            }
            blocks.extend(of_prose(name, &inside));
        }
    }
    blocks.retain(|block| !block.0.is_empty());
    blocks
}

fn of_block(name: &str, first: usize, language: &str, inside: &[(usize, &str)]) -> Block {
    let line = |(number, command): (usize, &str)| Line {
        at: format!("{name}:{number}"),
        command: command.to_owned(),
        output: None,
    };
    let typed = inside.iter().map(|(number, text)| (*number, text.trim()));
    match language {
        "console" => of_console(name, inside),
        "sh" | "bash" => {
            let commands = typed.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
            Block(commands.map(line).collect())
        }
        "yaml" => {
            let step = |(number, text): (usize, &'_ str)| {
                let command = text.trim_start_matches("- ").strip_prefix("run:")?.trim();
                assert!(!command.starts_with(['|', '>']), "{name}:{number}: not read by this test");
                Some(line((number, command)))
            };
            Block(typed.filter_map(step).collect())
        }
        "rust" | "toml" | "json" => Block(Vec::new()),
        _ => panic!("{name}:{first}: does a block of {language:?} hold commands? Say so here."),
    }
}

fn of_console(name: &str, inside: &[(usize, &str)]) -> Block {
    let shows_output = inside.iter().any(|(_, text)| !text.starts_with("$ "));
    let mut lines: Vec<Line> = Vec::new();
    for (number, text) in inside {
        let at = format!("{name}:{number}");
        if let Some(command) = text.strip_prefix("$ ") {
            let output = shows_output.then(Vec::new);
            lines.push(Line { at, command: command.to_owned(), output });
        } else {
            let last = lines.last_mut().unwrap_or_else(|| panic!("{at}: output of no command"));
            last.output.get_or_insert_default().push((*text).to_owned());
        }
    }
    Block(lines)
}

/// Code in sentences that begins with a tool, behind variables that are set for it.
fn of_prose(name: &str, lines: &[(usize, &str)]) -> Vec<Block> {
    let is_block = |text: &str| ["$ ", "~~~"].iter().any(|start| text.trim().starts_with(start));
    if let Some((number, _)) = lines.iter().find(|(_, text)| is_block(text)) {
        panic!("{name}:{number}: a command line, or a block, that this test does not read");
    }
    let text = lines.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("\n");
    let mut blocks = Vec::new();
    let mut number = lines[0].0;
    for (index, piece) in text.split('`').enumerate() {
        let words: Vec<&str> = piece.split_whitespace().collect();
        let mut call = words.iter().skip_while(|word| word.contains('='));
        let is_call = call.next().is_some_and(|word| TOOLS.contains(word)) && call.next().is_some();
        if index % 2 == 1 && is_call {
            let at = format!("{name}:{number}");
            blocks.push(Block(vec![Line { at, command: words.join(" "), output: None }]));
        }
        number += piece.matches('\n').count();
    }
    blocks
}

/// The examples of a `--help`, each a block of its own: a command line, and words on it behind two
/// spaces or more.
pub(crate) fn of_help(tool: &str, text: &str) -> Vec<Block> {
    let examples = text.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = examples.take_while(|line| !line.is_empty()).filter_map(|line| {
        let line = line.strip_prefix("  ")?;
        let command = line.split_once("  ").map_or(line, |(command, _)| command);
        let at = format!("{tool} --help");
        let line = Line { at, command: command.to_owned(), output: None };
        (!command.is_empty()).then(|| Block(vec![line]))
    });
    lines.collect()
}

/// Whether lines are those that a document shows. A `…` alone in a line stands for any lines, in a
/// line for any text.
pub(crate) fn agrees(shown: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
    if first.trim() == "…" {
        return (0..=printed.len()).any(|left_out| agrees(rest, &printed[left_out..]));
    }
    let same = |line: &String| match first.split_once('…') {
        None => line == first,
        Some((start, end)) => line.strip_prefix(start).is_some_and(|line| line.ends_with(end)),
    };
    let line = printed.split_first().filter(|(line, _)| same(line));
    line.is_some_and(|(_, more)| agrees(rest, more))
}

#[test]
fn command_lines_are_found_in_every_form_of_a_document() {
    let text = "\
A word, `rgo` and `--flag`, then `rgo build
--all` and `A=1 cargo test`.

```console
$ one  # a comment
$ two
shown

$ echo $?
3
```
```sh
# a comment
three | four
```
```yaml
- uses: something
- run: five
  run: six
```
```rust
let seven = 7;
```
";
    let blocks = of_markdown("a.md", text);
    let found: Vec<Vec<_>> = blocks
        .iter()
        .map(|block| block.0.iter().map(|line| (line.at.as_str(), line.command.as_str())).collect())
        .collect();
    let expected = [
        vec![("a.md:1", "rgo build --all")],
        vec![("a.md:2", "A=1 cargo test")],
        vec![("a.md:5", "one  # a comment"), ("a.md:6", "two"), ("a.md:9", "echo $?")],
        vec![("a.md:14", "three | four")],
        vec![("a.md:18", "five"), ("a.md:19", "six")],
    ];
    assert_eq!(found, expected);
    let shown = |index: usize| blocks[2].0[index].output.clone().expect("it is shown");
    assert_eq!(shown(0), [""; 0]);
    assert_eq!(shown(1), ["shown", ""]);
    assert_eq!(shown(2), ["3"]);
    assert!(blocks[3].0[0].output.is_none());

    let help = "Examples:\n  a -b   words\n         more words\n  c -d 'e f'\n\nOutput:\n  no\n";
    let examples = of_help("a", help);
    let commands: Vec<_> = examples.iter().map(|one| one.0[0].command.as_str()).collect();
    assert_eq!(commands, ["a -b", "c -d 'e f'"]);
}

#[test]
fn an_ellipsis_stands_for_what_is_left_out_and_nothing_else_is_missing() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (shown, printed, expected) in [
        ("a\nb", "a\nb", true),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("a\n  …", "a\nb\nc", true),
        ("…\nc", "a\nb\nc", true),
        ("a\n…\nc", "a\nc", true),
        ("a\n…\nb", "a\nb\nc", false),
        ("…\nb\n…\nd", "a\nb\nb\nc\nd", true),
        ("a (…, b)", "a (c, d, b)", true),
        ("a (…, b)", "a (c, d)", false),
    ] {
        assert_eq!(agrees(&lines(shown), &lines(printed)), expected, "{shown:?} {printed:?}");
    }
}
