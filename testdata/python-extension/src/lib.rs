//! A module with one function.

use pyo3::prelude::*;

/// Twice a number.
#[pyfunction]
fn twice(number: i64) -> i64 {
    number * 2
}

#[pymodule]
fn rgo_sample(module: &Bound<'_, PyModule>) -> PyResult<()> {
    #[cfg(feature = "misspelled")]
    {
        extern "C" {
            fn PyList_Nwe(length: isize) -> *mut std::ffi::c_void;
        }
        // SAFETY: it is never called, because nothing defines it.
        assert!(!unsafe { PyList_Nwe(1) }.is_null());
    }
    module.add_function(wrap_pyfunction!(twice, module)?)
}
