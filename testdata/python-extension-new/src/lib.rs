//! A module with one function.

use pyo3::prelude::*;

/// Twice a number.
#[pyfunction]
fn twice(number: i64) -> i64 {
    number * 2
}

#[pymodule]
fn rgo_sample(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(twice, module)?)
}
