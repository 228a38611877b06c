//! Prints the sizes that C has for the target.

mod header {
    #![allow(non_camel_case_types, non_upper_case_globals, dead_code)]
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

fn main() {
    let types = header::types { word: Default::default(), letter: 0, time: 0, size: 0 };
    let sizes = [size_of_val(&types.word[0]), size_of_val(&types.letter)];
    println!("{} longs of {}, letters of {}", types.word.len(), sizes[0], sizes[1]);
}
