//! What a link for Node needs.

fn main() {
    napi_build::setup();
}
