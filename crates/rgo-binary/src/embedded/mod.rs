//! Reads the records that builders and packagers write into programs: rgo's note and slots,
//! cargo-auditable's list, Go's build information, Windows' version resources, package notes.

pub mod auditable;
pub mod build_info;
pub mod go_buildinfo;
pub mod go_slot;
pub mod package_note;
pub mod rgo_note;
pub mod slot;
pub mod version_resource;
