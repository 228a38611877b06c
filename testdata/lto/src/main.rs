//! Compares its stamp with the default in ways that an optimiser would like to fold.

rgo_stamp::stamp! {
    static VERSION: 32 = "dev";
}

fn main() {
    println!("lto {VERSION}");
    println!("default: {}", VERSION.get() == "dev");
    println!("length: {}", VERSION.len());
    println!("starts with d: {}", VERSION.starts_with('d'));
}
