//! Finds the addresses in the lines of stack traces. Each kind of trace is a row of a table.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A place in a program that a line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The binary, as the line names it.
    pub(super) module: Option<String>,
    pub(super) address: TraceAddress,
    /// Whether it is an address that a call returns to.
    pub(super) is_return: bool,
}

/// An address, by what it counts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TraceAddress {
    /// As in the file.
    InFile(u64),
    /// From the start of the loaded binary.
    FromModule(u64),
    /// In the memory of the process, with the place of the binary if the line has it.
    InProcess { address: u64, base: Option<u64> },
    /// From the start of a function.
    FromFunction { name: String, offset: u64 },
}

/// What the numbers of a line count from.
#[derive(Clone, Copy)]
enum CountsFrom {
    File,
    Module,
    Process,
    /// A function if the line names one, else the binary.
    Function,
}

/// Which addresses of a trace calls return to.
#[derive(Clone, Copy)]
enum Returns {
    /// None: the program that wrote the trace has subtracted already, or the address is of the fault.
    None,
    All,
    /// All but that of frame 0.
    AllButFirst,
}

/// A kind of line. Groups of the expression: `n` number of the frame, `module`, `function`, `base` and `at`.
struct TraceKind {
    regex: &'static str,
    from: CountsFrom,
    returns: Returns,
}

static KINDS: [TraceKind; 11] = [
    // Sanitizers: "    #1 0x55d in main /src/a.c:3:5 (/bin/app+0x1139) (BuildId: …)"
    TraceKind {
        regex: r"^\s*#(?<n>\d+)\s+0x[0-9a-f]+\s.*\((?<module>[^()]+)\+0x(?<at>[0-9a-f]+)\)",
        from: CountsFrom::Module,
        returns: Returns::None,
    },
    // systemd-coredump: "#1  0x00007f n/a (app + 0x1139)"
    TraceKind {
        regex: r"^\s*#(?<n>\d+)\s+0x[0-9a-f]+\s.*\((?<module>\S+) \+ 0x(?<at>[0-9a-f]+)\)",
        from: CountsFrom::Module,
        returns: Returns::AllButFirst,
    },
    // glibc: "./app(main+0x12)[0x555]", "./app(+0x1139) [0x555]"
    TraceKind {
        regex: r"^\s*(?<module>[^\s()]+)\((?<function>[^()+]*)\+0x(?<at>[0-9a-f]+)\)\s*\[0x[0-9a-f]+\]",
        from: CountsFrom::Function,
        returns: Returns::All,
    },
    // macOS: "3   app   0x0000000104a3c000 0x104a38000 + 16384"
    TraceKind {
        regex: r"^\s*(?<n>\d+)\s+(?<module>\S.*?)\s+0x(?<at>[0-9a-f]+) 0x(?<base>[0-9a-f]+) \+ \d+",
        from: CountsFrom::Process,
        returns: Returns::AllButFirst,
    },
    // Rust: "   3:     0x55d2c6 - <unknown>"
    TraceKind {
        regex: r"^\s*(?<n>\d+):\s+0x(?<at>[0-9a-f]+) - ",
        from: CountsFrom::Process,
        returns: Returns::All,
    },
    // Go: "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45d1f2]"; registers: "PC: 0x45d1f2"
    TraceKind {
        regex: r"(?i)\b(?:pc|[re]?ip)\s*[:=]\s*0x(?<at>[0-9a-f]+)\b",
        from: CountsFrom::Process,
        returns: Returns::None,
    },
    // Linux: " do_idle+0x1a/0x2f [module]"
    TraceKind {
        regex: r"\b(?<function>[A-Za-z_][\w.$]*)\+0x(?<at>[0-9a-f]+)/0x[0-9a-f]+(?: \[(?<module>\w+)[^\]]*\])?",
        from: CountsFrom::Function,
        returns: Returns::AllButFirst,
    },
    // WinDbg: "app!main+0x10"
    TraceKind {
        regex: r"(?<module>[\w.-]+)!(?<function>[^\s+]+)\+0x(?<at>[0-9a-f]+)\b",
        from: CountsFrom::Function,
        returns: Returns::AllButFirst,
    },
    // Windows and others: "app.exe+0x1139"
    TraceKind {
        regex: r"(?<module>[\w./\\:-]+)\+0x(?<at>[0-9a-f]+)\b",
        from: CountsFrom::Module,
        returns: Returns::AllButFirst,
    },
    // The input of llvm-symbolizer: "/bin/app 0x1139"
    TraceKind {
        regex: r#"^(?:CODE )?"?(?<module>[^\s"]+)"? 0x(?<at>[0-9a-f]+)$"#,
        from: CountsFrom::File,
        returns: Returns::None,
    },
    // An address alone
    TraceKind {
        regex: r"^\s*(?:0x)?(?<at>[0-9a-fA-F]{1,16})\s*$",
        from: CountsFrom::File,
        returns: Returns::None,
    },
];

static REGEXES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // A test compiles each of them.
    KINDS.iter().filter_map(|kind| Regex::new(kind.regex).ok()).collect()
});

/// The place that a line names, if it is of a kind that is known.
pub(super) fn place(line: &str) -> Option<Place> {
    KINDS.iter().zip(REGEXES.iter()).find_map(|(kind, regex)| kind.place(&regex.captures(line)?))
}

impl TraceKind {
    fn place(&self, groups: &Captures<'_>) -> Option<Place> {
        let text = |name| groups.name(name).map(|group| group.as_str()).filter(|it| !it.is_empty());
        let number = |name| u64::from_str_radix(text(name)?, 16).ok();
        let at = number("at")?;
        let address = match (self.from, text("function")) {
            (CountsFrom::File, _) => TraceAddress::InFile(at),
            (CountsFrom::Module, _) | (CountsFrom::Function, None) => TraceAddress::FromModule(at),
            (CountsFrom::Process, _) => {
                TraceAddress::InProcess { address: at, base: number("base") }
            }
            (CountsFrom::Function, Some(name)) => {
                TraceAddress::FromFunction { name: name.to_owned(), offset: at }
            }
        };
        let is_first = text("n").is_none_or(|number| number.bytes().all(|digit| digit == b'0'));
        let is_return = match self.returns {
            Returns::None => false,
            Returns::All => true,
            Returns::AllButFirst => !is_first,
        };
        Some(Place { module: text("module").map(str::to_owned), address, is_return })
    }
}

#[cfg(test)]
mod tests {
    use super::TraceAddress::{FromFunction, FromModule, InFile, InProcess};
    use super::*;

    #[test]
    fn lines_of_all_kinds_of_traces_are_known() {
        assert_eq!(REGEXES.len(), KINDS.len(), "each expression is one");
        let function = |name: &str, offset| FromFunction { name: name.to_owned(), offset };
        let process = |address, base| InProcess { address, base };
        for (line, module, address, is_return) in [
            (
                "    #0 0x55d3 in main /src/a.c:3:5 (/tmp/app+0x1139) (BuildId: ab)",
                Some("/tmp/app"),
                FromModule(0x1139),
                false,
            ),
            (
                "    #7 0x7f5 (/lib/libc.so.6+0x29d8f)",
                Some("/lib/libc.so.6"),
                FromModule(0x29d8f),
                false,
            ),
            ("#1  0x00007f12 n/a (app + 0x1139)", Some("app"), FromModule(0x1139), true),
            ("#0  0x00007f12 main (app + 0x1139)", Some("app"), FromModule(0x1139), false),
            ("./app(main+0x12)[0x555555555139]", Some("./app"), function("main", 0x12), true),
            ("./app(+0x1139) [0x555555555139]", Some("./app"), FromModule(0x1139), true),
            (
                "3   My App   0x0000000104a3c000 0x104a38000 + 16384",
                Some("My App"),
                process(0x1_04a3_c000, Some(0x1_04a3_8000)),
                true,
            ),
            ("   3:     0x55d2c6e0 - <unknown>", None, process(0x55d2_c6e0, None), true),
            (
                "[signal SIGSEGV: code=0x1 addr=0x0 pc=0x45d1f2]",
                None,
                process(0x45_d1f2, None),
                false,
            ),
            ("PC: 0x1e630", None, process(0x1_e630, None), false),
            ("eip = 0x1e630", None, process(0x1_e630, None), false),
            ("00 app!main+0x10", Some("app"), function("main", 0x10), false),
            (" do_idle+0x1a/0x2f [nf_nat]", Some("nf_nat"), function("do_idle", 0x1a), false),
            ("at app.exe+0x1139", Some("app.exe"), FromModule(0x1139), false),
            ("CODE /tmp/app 0x1139", Some("/tmp/app"), InFile(0x1139), false),
            ("0x1139", None, InFile(0x1139), false),
            ("1139", None, InFile(0x1139), false),
        ] {
            let module = module.map(str::to_owned);
            assert_eq!(place(line), Some(Place { module, address, is_return }), "{line}");
        }
        for line in
            ["", "thread 'main' panicked at src/main.rs:2:5:", "main.f(0x1, 0x2)", "==12==ERROR"]
        {
            assert_eq!(place(line), None, "{line}");
        }
    }
}
