//! A function by napi, which looks Node-API up when it is loaded, and one that links it.

use napi::{sys, Env};
use napi_derive::napi;

extern "C" {
    #[cfg_attr(feature = "misspelled", link_name = "napi_get_vresion")]
    fn napi_get_version(env: sys::napi_env, version: *mut u32) -> sys::napi_status;
}

/// Twice a number.
#[napi]
pub fn twice(number: u32) -> u32 {
    number * 2
}

/// The version of Node-API.
#[napi]
pub fn version(env: Env) -> u32 {
    let mut version = 0;
    // SAFETY: both live while it runs.
    let status = unsafe { napi_get_version(env.raw(), &mut version) };
    assert_eq!(status, sys::Status::napi_ok);
    version
}
