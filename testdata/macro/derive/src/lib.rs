//! A macro that runs on the host: it says for which platform it was itself compiled.

use proc_macro::TokenStream;

/// Expands to the platform of the compiler that expands it.
#[proc_macro]
pub fn host(_: TokenStream) -> TokenStream {
    let host = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    format!("{host:?}").parse().unwrap()
}
