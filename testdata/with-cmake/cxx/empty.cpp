// See build.rs.
