//! All that reads an image, on images of every format. One test program: it is linked once.

mod support;

mod appended;
mod facts_hardening;
mod facts_identity;
mod facts_mutations;
mod facts_signature;
mod go_damage;
mod go_settings;
mod go_slots;
mod go_tables;
mod go_types;
mod images;
mod mutations;
mod origin_images;
mod origin_runs_on;
mod system;
