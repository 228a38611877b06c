//! Takes a PDB apart into its streams, and puts one together: for PDBs that no linker here makes.
//!
//! ```text
//! 0 magic 32   32 block size   36 free block map   40 block count   44 directory bytes   52 block of the list
//! of the directory's blocks; the directory: stream count, sizes, blocks of each, all u32
//! ```

const BLOCK: usize = 4096;

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

fn gather(pdb: &[u8], blocks: impl Iterator<Item = usize>, size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        blocks.flat_map(|block| &pdb[block * BLOCK..(block + 1) * BLOCK]).copied().collect();
    bytes.truncate(size);
    bytes
}

/// The streams of a PDB with blocks of 4096 bytes.
pub(super) fn streams(pdb: &[u8]) -> Vec<Vec<u8>> {
    assert_eq!(number(pdb, 32), BLOCK);
    let (size, list) = (number(pdb, 44), number(pdb, 52) * BLOCK);
    let blocks = (0..size.div_ceil(BLOCK)).map(|index| number(pdb, list + index * 4));
    let directory = gather(pdb, blocks, size);
    let count = number(&directory, 0);
    let mut next = 4 + count * 4;
    let stream = |index| {
        let size = number(&directory, 4 + index * 4);
        let first = next;
        next += size.div_ceil(BLOCK) * 4;
        gather(pdb, (first..next).step_by(4).map(|at| number(&directory, at)), size)
    };
    (0..count).map(stream).collect()
}

/// A PDB with these streams.
pub(super) fn pdb(streams: &[Vec<u8>]) -> Vec<u8> {
    let word = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
    // The header and two maps of free blocks come first.
    let mut blocks = vec![0; 3 * BLOCK];
    let mut put = |bytes: &[u8]| -> Vec<[u8; 4]> {
        let first = blocks.len() / BLOCK;
        blocks.extend_from_slice(bytes);
        blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
        (first..blocks.len() / BLOCK).map(word).collect()
    };
    let mut directory = vec![word(streams.len())];
    directory.extend(streams.iter().map(|stream| word(stream.len())));
    directory.extend(streams.iter().flat_map(|stream| put(stream)).collect::<Vec<_>>());
    let directory = directory.concat();
    let list = put(&directory).concat();
    let list = u32::from_le_bytes(put(&list)[0]) as usize;
    let count = blocks.len() / BLOCK;
    let header = [BLOCK, 1, count, directory.len(), 0, list].map(word).concat();
    let magic = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0";
    blocks[..32].copy_from_slice(magic);
    blocks[32..56].copy_from_slice(&header);
    blocks
}
