//! Calls `llvm-windres` and `llvm-ar`.

fn main() {
    if std::env::var_os("CARGO_CFG_WINDOWS").is_none() {
        return;
    }
    let mut resource = winres::WindowsResource::new();
    resource.set("ProductName", "Größe \"x\"").set("FileVersion", "1.2.3");
    resource.set_icon("../app.ico").set_manifest(include_str!("../app.manifest"));
    resource.compile().expect("resources");
}
