//! Makes the object file by itself.

fn main() {
    println!("cargo::rerun-if-changed=../app.manifest");
    if std::env::var_os("CARGO_CFG_WINDOWS").is_some() {
        embed_manifest::embed_manifest_file("../app.manifest").expect("a manifest");
    }
}
