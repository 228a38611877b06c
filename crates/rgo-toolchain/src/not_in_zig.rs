//! What zig brings no part of, whatever the target: OpenMP's runtime, and Fortran. A build that needs
//! it fails and says so; rgo makes no serial program instead, and takes no compiler of the host's.

/// Something that zig has not, by the traces that it leaves in what a build prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// What build scripts, compilers and cmake say of it.
    pub words: &'static [&'static str],
    /// Its libraries, named as after `-l`.
    libraries: &'static [&'static str],
    /// How its functions' names begin.
    functions: &'static [&'static str],
    /// What helps.
    pub hint: &'static str,
}

pub(crate) const OPENMP: Lack = Lack {
    words: &["omp.h", "Could NOT find OpenMP", "openmp-sys", "OpenMP_C_FLAGS"],
    libraries: &["gomp", "omp", "omp5", "iomp5", "libomp", "libgomp", "libiomp5md", "vcomp"],
    functions: &[
        "__kmpc_",
        "GOMP_",
        "omp_get_",
        "omp_set_",
        "omp_in_",
        "omp_init_",
        "omp_destroy_",
    ],
    hint: "this is OpenMP, whose header and runtime (omp.h, libomp, libgomp) zig has for no target: turn off the \
           crate's OpenMP feature, or take a crate that has threads of its own (rayon); or compile LLVM's libomp for \
           the target, and name it: -I in CFLAGS_<target>, -L by --rustc-flag. rgo makes no serial program instead",
};

pub(crate) const FORTRAN: Lack = Lack {
    words: &["gfortran", "flang", "flang-new", "CMAKE_Fortran_COMPILER", "Fortran compiler"],
    libraries: &["gfortran", "quadmath", "flang", "flangrti", "flang_rt.runtime", "FortranRuntime"],
    functions: &["_gfortran_", "_Fortran"],
    hint: "this is Fortran, for which zig has no compiler and no runtime, and the host's compiles for the host alone: \
           take a crate in Rust or C (faer or nalgebra instead of LAPACK; OpenBLAS without LAPACK needs no Fortran); \
           or name a compiler for the target by FC_<target> (Debian: gfortran-aarch64-linux-gnu), and add its runtime \
           by --rustc-flag -L",
};

const ALL: [&Lack; 2] = [&OPENMP, &FORTRAN];

/// What a library belongs to, named as after `-l`.
pub(crate) fn by_library(name: &str) -> Option<&'static Lack> {
    ALL.into_iter().find(|lack| lack.libraries.contains(&name))
}

/// What a function belongs to, named as in an object file.
pub(crate) fn by_function(symbol: &str) -> Option<&'static Lack> {
    // Mach-O puts one more underscore before it.
    let names = [Some(symbol), symbol.strip_prefix('_')];
    let begins = |start: &&str| names.iter().flatten().any(|name| name.starts_with(*start));
    ALL.into_iter().find(|lack| lack.functions.iter().any(begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_functions_are_known() {
        for name in ["gomp", "iomp5"] {
            assert_eq!(by_library(name), Some(&OPENMP), "{name}");
        }
        assert_eq!(by_library("gfortran"), Some(&FORTRAN));
        assert_eq!(by_library("comp"), None);
        for name in
            ["__kmpc_fork_call", "___kmpc_fork_call", "GOMP_parallel", "_omp_get_num_threads"]
        {
            assert_eq!(by_function(name), Some(&OPENMP), "{name}");
        }
        for name in
            ["_gfortran_st_write", "__gfortran_st_write", "_FortranAioBeginExternalListOutput"]
        {
            assert_eq!(by_function(name), Some(&FORTRAN), "{name}");
        }
        for name in ["omp_my_own", "gfortran", "kmpc", ""] {
            assert_eq!(by_function(name), None, "{name}");
        }
    }
}
