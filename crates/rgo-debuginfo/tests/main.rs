//! All that reads debug data, on real and on damaged input. One test program: it is linked once.

mod go_objects;
mod hostile_names;
mod lines;
mod recorded_names;
mod sizes;
