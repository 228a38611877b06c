//! Says in words which file with debug data is missing.

use rgo_debuginfo::lines::{Gap, LineError, Wanted};

/// A file that an image names.
pub(super) fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::DebugLink { name, crc32 } => {
            format!("its companion {name} with the CRC-32 {crc32:08x}")
        }
        Wanted::BuildId { id } => format!("its companion with the build ID {id}"),
        Wanted::Dsym { uuid } => format!("its dSYM with the UUID {uuid}"),
        Wanted::AltLink { path, build_id } => {
            format!("{path} with the build ID {build_id}, where dwz moved debug data")
        }
        Wanted::Dwo { path, id, .. } => format!("{path} with the unit {id:016x}, or a .dwp"),
        Wanted::Pdb { path, guid, age } => {
            format!("its PDB {path} with the GUID {guid}, age {age}")
        }
        Wanted::ObjectFile { path, member: None, .. } => format!("the object file {path}"),
        Wanted::ObjectFile { path, member: Some(member), .. } => {
            format!("the object file {member} in {path}")
        }
    }
}

/// What an answer lacks.
pub(super) fn gap(gap: &Gap) -> String {
    match gap {
        Gap::Missing(file) => format!("{} is not there", wanted(file)),
        Gap::Damaged(error) => damage(error),
    }
}

/// Why debug data cannot be read.
pub(super) fn damage(error: &LineError) -> String {
    format!("debug data are damaged: {:#}", anyhow::Error::from(error.clone()))
}
