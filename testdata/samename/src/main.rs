//! The program.

rgo_stamp::stamp! {
    static VERSION = "dev";
}

fn main() {
    println!("program {VERSION}, library {}", samename::VERSION);
}
