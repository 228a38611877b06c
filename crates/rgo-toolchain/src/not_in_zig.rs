//! Recognizes builds that need something zig has for no target: OpenMP's runtime, or Fortran. Such
//! a build fails with a hint. rgo does not silently build a serial program, and does not use a
//! compiler of the host.

/// Something that zig lacks, and how to recognize it in the output of a build.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// Words in the messages of build scripts, compilers and cmake.
    pub words: &'static [&'static str],
    /// Its libraries, in the notation of `-l`.
    libraries: &'static [&'static str],
    /// The prefixes of its functions' names.
    functions: &'static [&'static str],
    /// The next step for the user.
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

/// The lack that a missing library reveals. `name` has the notation of `-l`.
pub(crate) fn by_library(name: &str) -> Option<&'static Lack> {
    ALL.into_iter().find(|lack| lack.libraries.contains(&name))
}

/// The lack that an undefined function reveals. `symbol` has the spelling of object files.
pub(crate) fn by_function(symbol: &str) -> Option<&'static Lack> {
    // Mach-O puts another underscore in front.
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
