//! C headers that one system alone has, with the guard for code that includes them. Code for several
//! systems includes them only where they are.

/// The name of a header, or of a folder of headers, with its system.
const HEADERS: [(&str, System); 31] = [
    ("sys/epoll.h", LINUX),
    ("sys/inotify.h", LINUX),
    ("sys/eventfd.h", LINUX),
    ("sys/timerfd.h", LINUX),
    ("sys/signalfd.h", LINUX),
    ("sys/prctl.h", LINUX),
    ("sys/sendfile.h", LINUX),
    ("sys/sysinfo.h", LINUX),
    ("linux/", LINUX),
    ("asm/", LINUX),
    ("windows.h", WINDOWS),
    ("Windows.h", WINDOWS),
    ("winsock.h", WINDOWS),
    ("winsock2.h", WINDOWS),
    ("WinSock2.h", WINDOWS),
    ("ws2tcpip.h", WINDOWS),
    ("winternl.h", WINDOWS),
    ("mach/", DARWIN),
    ("mach-o/", DARWIN),
    ("sys/event.h", DARWIN),
    ("TargetConditionals.h", DARWIN),
    ("Availability.h", DARWIN),
    ("CommonCrypto/", DARWIN),
    ("Security/", DARWIN),
    ("SystemConfiguration/", DARWIN),
    ("CoreFoundation/", DARWIN),
    ("Foundation/", DARWIN),
    ("AppKit/", DARWIN),
    ("Cocoa/", DARWIN),
    ("IOKit/", DARWIN),
    ("Metal/", DARWIN),
];

/// A system: its name in toolchains' names, its name for people, and its macro.
#[derive(Clone, Copy)]
struct System {
    os: &'static str,
    name: &'static str,
    guard: &'static str,
}

const LINUX: System = System { os: "linux", name: "Linux", guard: "__linux__" };
const WINDOWS: System = System { os: "windows", name: "Windows", guard: "_WIN32" };
const DARWIN: System = System { os: "darwin", name: "macOS", guard: "__APPLE__" };

/// The next step for a header of another system than the toolchain's.
pub(crate) fn hint(header: &str, toolchain: &str) -> Option<String> {
    let is_meant =
        |name: &str| if name.ends_with('/') { header.starts_with(name) } else { header == name };
    let (_, system) = HEADERS.iter().find(|(name, _)| is_meant(name))?;
    let System { os, name, guard } = system;
    (!toolchain.starts_with(os))
        .then(|| format!("`{header}` is a header of {name}: guard the code with `#ifdef {guard}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_another_system_has_its_guard() {
        for (header, toolchain, expected) in [
            (
                "sys/epoll.h",
                "darwin-arm64",
                Some("`sys/epoll.h` is a header of Linux: guard the code with `#ifdef __linux__`"),
            ),
            ("linux/fs.h", "windows-amd64", Some("`#ifdef __linux__`")),
            ("windows.h", "linux-amd64-static", Some("`#ifdef _WIN32`")),
            ("mach/mach.h", "linux-arm64", Some("`#ifdef __APPLE__`")),
            ("CoreFoundation/CoreFoundation.h", "windows-arm64", Some("a header of macOS")),
            ("sys/epoll.h", "linux-amd64", None),
            ("windows.h", "windows-amd64-msvc", None),
            ("sys/epoll.hpp", "darwin-arm64", None),
            ("curl/curl.h", "linux-amd64", None),
        ] {
            let found = hint(header, toolchain);
            let is_right = match (&found, expected) {
                (Some(found), Some(words)) => found.contains(words),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_right, "{header} {toolchain}: {found:?}");
        }
    }
}
