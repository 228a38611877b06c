//! Calls what `RC_<target>` names, else `<processor>-w64-mingw32-windres`.

fn main() {
    println!("cargo::rerun-if-changed=../app.rc");
    let macros = ["VERSION_NUMBERS=1,2,3,0", "VERSION_TEXT=\"1.2.3\""];
    embed_resource::compile("../app.rc", macros).manifest_required().expect("resources");
}
