//! The table of systems and their versions. A new release is a new line.

use crate::Version;
use crate::release::CompilerName;

/// A release of a Linux distribution.
pub(super) struct DistributionRelease {
    pub(super) version: &'static str,
    /// Its code name; empty if it has none.
    pub(super) name: &'static str,
    /// Its glibc, which stays the same for the whole release.
    pub(super) glibc: Version,
}

const fn release(version: &'static str, name: &'static str, glibc: Version) -> DistributionRelease {
    DistributionRelease { version, name, glibc }
}

const fn glibc(minor: u32) -> Version {
    Version::new(2, minor)
}

/// Distributions and their releases, oldest first. For Ubuntu only those with long-term support;
/// for RHEL also its rebuilds.
pub(super) const DISTRIBUTIONS: [(&str, &[DistributionRelease]); 3] = [
    (
        "debian",
        &[
            release("8", "jessie", glibc(19)),
            release("9", "stretch", glibc(24)),
            release("10", "buster", glibc(28)),
            release("11", "bullseye", glibc(31)),
            release("12", "bookworm", glibc(36)),
            release("13", "trixie", glibc(41)),
        ],
    ),
    (
        "ubuntu",
        &[
            release("14.04", "trusty", glibc(19)),
            release("16.04", "xenial", glibc(23)),
            release("18.04", "bionic", glibc(27)),
            release("20.04", "focal", glibc(31)),
            release("22.04", "jammy", glibc(35)),
            release("24.04", "noble", glibc(39)),
            release("26.04", "resolute", glibc(43)),
        ],
    ),
    (
        "rhel",
        &[
            release("6", "", glibc(12)),
            release("7", "", glibc(17)),
            release("8", "", glibc(28)),
            release("9", "", glibc(34)),
            release("10", "", glibc(39)),
        ],
    ),
];

/// Names of macOS by the first number; for 10.x by the first two.
pub(super) const MACOS: [(Version, &str); 17] = [
    (Version::new(10, 5), "Leopard"),
    (Version::new(10, 6), "Snow Leopard"),
    (Version::new(10, 7), "Lion"),
    (Version::new(10, 8), "Mountain Lion"),
    (Version::new(10, 9), "Mavericks"),
    (Version::new(10, 10), "Yosemite"),
    (Version::new(10, 11), "El Capitan"),
    (Version::new(10, 12), "Sierra"),
    (Version::new(10, 13), "High Sierra"),
    (Version::new(10, 14), "Mojave"),
    (Version::new(10, 15), "Catalina"),
    (Version::new(11, 0), "Big Sur"),
    (Version::new(12, 0), "Monterey"),
    (Version::new(13, 0), "Ventura"),
    (Version::new(14, 0), "Sonoma"),
    (Version::new(15, 0), "Sequoia"),
    (Version::new(26, 0), "Tahoe"),
];

/// Windows by the version in headers, oldest first: the desktop's name, the server's name.
pub(super) const WINDOWS: [((u16, u16), &str, &str); 9] = [
    ((4, 0), "NT 4", "NT 4"),
    ((5, 0), "2000", "Windows 2000"),
    ((5, 1), "XP", "Windows XP"),
    ((5, 2), "XP x64", "Windows XP x64, Server 2003"),
    ((6, 0), "Vista", "Windows Vista, Server 2008"),
    ((6, 1), "7", "Windows 7, Server 2008 R2"),
    ((6, 2), "8", "Windows 8, Server 2012"),
    ((6, 3), "8.1", "Windows 8.1, Server 2012 R2"),
    ((10, 0), "10", "Windows 10, Server 2016"),
];

/// A DLL that not every Windows has.
pub(super) struct Dll {
    /// The start of its name, in lower case.
    pub(super) start: &'static str,
    /// A part of the rest of its name.
    pub(super) part: &'static str,
    /// The first Windows that has it.
    pub(super) since: (u16, u16),
    /// A package that installs it on an older Windows.
    pub(super) or: &'static str,
}

/// DLLs by the first Windows that has them. The first match counts.
pub(super) const DLLS: [Dll; 8] = [
    Dll {
        start: "api-ms-win-crt-",
        part: "",
        since: (10, 0),
        or: "the Universal CRT update (KB2999226) on Windows Vista to 8.1",
    },
    Dll {
        start: "ucrtbase.dll",
        part: "",
        since: (10, 0),
        or: "the Universal CRT update (KB2999226) on Windows Vista to 8.1",
    },
    Dll { start: "api-ms-win-core-synch-", part: "-l1-2-", since: (6, 2), or: "" },
    Dll { start: "api-ms-win-core-winrt-", part: "", since: (6, 2), or: "" },
    Dll { start: "api-ms-win-core-path-", part: "", since: (6, 2), or: "" },
    Dll { start: "api-ms-win-core-", part: "-l1-2-", since: (6, 2), or: "" },
    Dll { start: "api-ms-win-core-", part: "", since: (6, 1), or: "" },
    Dll { start: "api-ms-win-security-", part: "", since: (6, 1), or: "" },
];

/// A compiler whose programs need a newer Windows than their header requires.
pub(super) struct CompilerMinimum {
    pub(super) compiler: CompilerName,
    /// The first release with this requirement.
    pub(super) from: Version,
    /// The oldest Windows that its programs run on.
    pub(super) windows: (u16, u16),
    /// It applies only to programs whose header and DLLs already require at least this Windows:
    /// rustc's targets for Windows 7 use none of the newer DLLs.
    pub(super) above: (u16, u16),
}

/// Compilers, from their release notes (Go 1.11 and 1.21, Rust 1.78). The newest match counts.
pub(super) const MAKERS: [CompilerMinimum; 3] = [
    CompilerMinimum {
        compiler: CompilerName::Go,
        from: Version::new(1, 21),
        windows: (10, 0),
        above: (0, 0),
    },
    CompilerMinimum {
        compiler: CompilerName::Go,
        from: Version::new(1, 11),
        windows: (6, 1),
        above: (0, 0),
    },
    CompilerMinimum {
        compiler: CompilerName::Rustc,
        from: Version::new(1, 78),
        windows: (10, 0),
        above: (6, 2),
    },
];

/// DLLs that are in no Windows; a package of Microsoft installs them.
pub(super) const REDISTRIBUTABLE: [&str; 5] =
    ["vcruntime140", "msvcp140", "concrt140", "vcomp140", "mfc140"];
