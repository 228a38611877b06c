//! Records that builders and packagers write into programs to be read: rgo's note and slots,
//! cargo-auditable's list, Go's build information, version resources of Windows, notes of packages.

pub mod auditable;
pub mod build_info;
pub mod go_buildinfo;
pub mod package_note;
pub mod rgo_note;
pub mod slot;
pub mod version_resource;
