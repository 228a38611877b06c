//! Edits of images: the same program with other facts inside.
