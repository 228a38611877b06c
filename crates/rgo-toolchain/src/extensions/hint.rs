//! Hints for failed builds of extensions. [`crate::cargo::failure_hints`] reads the messages of
//! compilers and linkers; this module knows those about Python or Node.

use super::names::{self, Host};

/// The hint for an extension whose Python version neither the project nor the user names.
pub(crate) fn version(text: &str) -> Option<String> {
    let is_about_it =
        text.contains("PYO3_CROSS_PYTHON_VERSION") && text.contains("must be specified");
    is_about_it.then(|| {
        "say which Python the extension is for: PYO3_CROSS_PYTHON_VERSION=3.12, or requires-python = \"==3.12.*\" in \
         pyproject.toml; or turn on pyo3's feature abi3-py39, and every later Python loads the same file"
            .to_owned()
    })
}

/// The hint for a name of Python's or Node's that a link lacks. `symbol` has the spelling of its
/// format.
pub(crate) fn undefined(symbol: &str, toolchain: &str) -> Option<String> {
    let is_windows = toolchain.starts_with("windows");
    let name = if is_windows {
        symbol.strip_prefix("__imp_").unwrap_or(symbol)
    } else {
        symbol.strip_prefix('_').filter(|_| toolchain.starts_with("darwin"))?
    };
    Some(match (names::host(name)?, is_windows) {
        (Host::Python, true) => format!(
            "{name} is Python's, and in no library of Python that this links: python3 has the stable interface \
             alone, and not every version has every function"
        ),
        (Host::Node, true) => format!(
            "{name} is Node's, whose library has to be linked: call napi_build::setup() in build.rs"
        ),
        (Host::Python, false) => format!(
            "{name} is Python's, and has to stay open until Python loads the library, which the link must ask for: \
             call pyo3_build_config::add_extension_module_link_args() in build.rs (maturin does that part itself)"
        ),
        (Host::Node, false) => format!(
            "{name} is Node's, and has to stay open until Node loads the library, which the link must ask for: call \
             napi_build::setup() in build.rs"
        ),
    })
}

/// The hint for a link that does not find Python's library.
pub(crate) fn library(name: &str, toolchain: &str) -> Option<String> {
    let version = name.strip_prefix("python")?;
    Some(if toolchain.starts_with("windows") {
        format!(
            "rgo makes import libraries for Python 3.7 to 3.14; for another add -L with a folder that has \
             python{version}.lib by --rustc-flag"
        )
    } else {
        format!(
            "an extension does not link Python's library: turn on pyo3's feature extension-module (-F \
             pyo3/extension-module), or set PYO3_BUILD_EXTENSION_MODULE=1 from pyo3 0.26 on; a program that embeds \
             Python needs the libpython{version} of {toolchain}, by -L"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::cargo::failure_hints::for_failure;

    #[test]
    fn failures_of_extensions_have_a_next_step() {
        for (text, toolchain, expected) in [
            (
                "error: undefined symbol: _PyBaseObject_Type\n note:",
                "darwin-arm64",
                "add_extension_module_link_args",
            ),
            ("error: undefined symbol: __Py_NoneStruct\n", "darwin-arm64", "is Python's"),
            ("error: undefined symbol: _napi_call_function\n", "darwin-amd64", "napi_build::setup"),
            (
                "lld-link: error: undefined symbol: __declspec(dllimport) PyUnicode_New\n>>>",
                "windows-arm64",
                "PyUnicode_New is Python's",
            ),
            (
                "lld-link: error: undefined symbol: napi_get_version\n>>>",
                "windows-amd64",
                "napi_build::setup",
            ),
            ("error: undefined symbol: PyList_Nwe\n", "windows-amd64", "your own function"),
            (
                "error: PYO3_CROSS_PYTHON_VERSION or an abi3-py3* feature must be specified when cross-compiling",
                "linux-arm64",
                "requires-python",
            ),
            (
                "error: unable to find dynamic system library 'python3.11' using",
                "linux-amd64",
                "extension-module",
            ),
            (
                "error: unable to find dynamic system library 'python315' using",
                "windows-arm64",
                "3.7 to 3.14",
            ),
        ] {
            let hint = for_failure(text, toolchain).unwrap_or_default();
            assert!(hint.contains(expected), "{text} -> {hint}");
        }
    }
}
