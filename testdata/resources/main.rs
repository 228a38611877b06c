//! Says which resources it has, as Windows finds them.

#[cfg(windows)]
fn is_there(kind: usize) -> bool {
    unsafe extern "system" {
        fn FindResourceW(module: usize, name: usize, kind: usize) -> usize;
    }
    // SAFETY: 0 is this program, and numbers stand for names of resources. 32512 is Windows' own
    // name for a program's icon.
    [1, 32512].iter().any(|name| unsafe { FindResourceW(0, *name, kind) != 0 })
}

#[cfg(not(windows))]
fn is_there(_kind: usize) -> bool {
    false
}

fn main() {
    let kinds = [("icon", 14), ("version", 16), ("manifest", 24)];
    let there = kinds.iter().filter(|(_, kind)| is_there(*kind)).map(|(name, _)| *name);
    println!("{}", there.collect::<Vec<_>>().join(" "));
}
