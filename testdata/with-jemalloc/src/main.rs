//! Allocates through jemalloc.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let words: Vec<String> = (0..1000).map(|i| format!("word {i}")).collect();
    println!("allocated {} words", words.len());
}
