//! Tables and properties for the translation of link commands.

use super::super::link_request::ExportList;
use super::*;
use proptest::prelude::*;

fn run(os: &str, static_pie: bool, line: &str) -> (String, Rewritten) {
    let mut recipe = Recipe::example(os);
    recipe.static_pie = static_pie;
    recipe.build_id = os == "linux";
    let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let is_there = |p: &Utf8Path| ["/w/a.o", "/w/x.ld", "/w/list", "/w/now"].contains(&p.as_str());
    let rewritten = rewrite(&args, Utf8Path::new("/w"), &recipe, &is_there);
    let args: Vec<&str> =
        rewritten.args.iter().map(String::as_str).filter(|arg| *arg != ROOM_FOR_COMMANDS).collect();
    (args.join(" "), rewritten)
}

#[test]
fn a_dylib_is_named_by_its_file_and_not_by_its_folder() {
    let line = |more: &str| {
        let args: Vec<String> =
            format!("-dynamiclib -o /t/libx.dylib{more}").split(' ').map(str::to_owned).collect();
        rewrite(&args, "/w".into(), &Recipe::example("darwin"), &|_| false).args.join(" ")
    };
    assert!(line("").ends_with("-Wl,-install_name,@rpath/libx.dylib"));
    assert!(!line(" -Wl,-install_name,/mine").contains("@rpath"));
}

#[test]
fn what_may_stay_open_is_remembered_in_every_spelling() {
    for line in [
        "-undefined dynamic_lookup",
        "-Wl,-undefined,dynamic_lookup",
        "-Wl,-undefined -Wl,dynamic_lookup",
        "-Xlinker -undefined -Xlinker dynamic_lookup",
        // The spelling of napi-build.
        "-Wl -undefined dynamic_lookup",
    ] {
        let (args, rewritten) = run("darwin", false, line);
        assert!(rewritten.asked.dynamic_lookup, "{line}");
        assert!(args.contains("undefined") && args.contains("dynamic_lookup"), "{args}");
    }
    assert!(!run("darwin", false, "-undefined error").1.asked.dynamic_lookup);
    assert!(!run("darwin", false, "-o dynamic_lookup").1.asked.dynamic_lookup);
}

#[test]
fn import_libraries_of_rgos_come_after_those_of_the_users() {
    let mut recipe = Recipe::example("windows");
    recipe.import_libraries = Some("/c/import-libraries/amd64".into());
    let args: Vec<String> = ["-L", "/mine", "-lpython3"].map(str::to_owned).into();
    let rewritten = rewrite(&args, "/w".into(), &recipe, &|_| false);
    assert_eq!(rewritten.args, ["-L", "/mine", "-lpython3", "-L/c/import-libraries/amd64"]);
}

#[test]
fn links() {
    let table = [
        (
            "darwin",
            false,
            "a.o b.o -o out/p -Llib -L /abs",
            "/w/a.o b.o -o /w/out/p -L/w/lib -L /abs",
        ),
        ("linux", true, "-static-pie -no-pie /a.o", "-static -pie -pie /a.o -Wl,--build-id=sha1"),
        ("linux", false, "-no-pie", "-no-pie -Wl,--build-id=sha1"),
        ("linux", true, "-shared -no-pie", "-shared -no-pie -Wl,--build-id=sha1"),
        ("darwin", false, "-o/p", "-o/p"),
        ("windows", false, "-shared -Wl,/t/list.def b.DEF", "-shared"),
        ("windows", false, "-Wl,--out-implib=x.a", "-Wl,--out-implib=/w/x.a"),
        ("darwin", false, "-Wl,-rpath,list -Wl,-T,x.ld", "-Wl,-rpath,list -Wl,-T,/w/x.ld"),
        // Some folders have the names of values: `now` exists.
        ("darwin", false, "-Wl,-z,now -framework now", "-Wl,-z,now -framework now"),
        ("darwin", false, "-Wl,-z -Wl,now -Wl,a.o", "-Wl,-z,now -Wl,/w/a.o"),
        ("darwin", false, "-Wl,-new -Wl,now", "-Wl,-new -Wl,now"),
        ("darwin", false, "-Xlinker -z -Xlinker now", "-Wl,-z,now"),
        ("darwin", false, "-Wl,--wrap=now -u now -l now", "-Wl,--wrap=now -u now -l now"),
        ("windows", false, "-mwindows", "-Wl,--subsystem=windows"),
        ("darwin", false, "-mwindows", "-mwindows"),
        ("darwin", false, "-Wl,--version-script=x.ld", "-Wl,--version-script=/w/x.ld"),
        ("darwin", false, "-Wl,--as-needed -lc a", "-Wl,--as-needed -lc a"),
    ];
    for (os, pie, line, expected) in table {
        assert_eq!(run(os, pie, line).0, expected, "{os}: {line}");
    }
}

#[test]
fn what_is_made_and_exported() {
    for line in [
        "-dynamiclib -Wl,-exported_symbols_list,list",
        "-shared -Wl,-exported_symbols_list -Wl,list",
    ] {
        let (args, rewritten) = run("darwin", false, line);
        assert!(!args.contains("list"), "{args}");
        let list = ExportList { path: "/w/list".into(), form: ListForm::Names };
        assert_eq!(rewritten.asked.lists, [list]);
        assert_eq!(rewritten.kind, LinkKind::Library);
    }
    let (_, rewritten) = run("linux", false, "-o p");
    assert_eq!((rewritten.kind, rewritten.output), (LinkKind::Executable, Some("/w/p".into())));
}

#[test]
fn what_zig_does_not_pass_on_is_for_lld() {
    for (os, line, zig, lld) in [
        (
            "linux",
            "-shared -Wl,--version-script=a -Wl,--version-script,x.ld -Wl,-z,now",
            "-shared -Wl,--version-script,/w/x.ld -Wl,-z,now",
            "--version-script a --version-script /w/x.ld",
        ),
        ("linux", "-Wl,--dynamic-list=list -Wl,-z,now", "-Wl,-z,now", "--dynamic-list=/w/list"),
        ("linux", "-Wl,--dynamic-list -Wl,list", "", "--dynamic-list /w/list"),
        ("linux", "-Wl,-z,stack-size=9 -Wl,-z,nodlopen", "-Wl,-z,stack-size=9", "-z nodlopen"),
        ("linux", "-shared -Wl,-zstack-size=9", "-shared", "-z stack-size=9"),
        ("linux", "-Wl,--push-state,--as-needed", "-Wl,--push-state -Wl,--as-needed", ""),
        ("linux", "-Wl,--version-script=x.ld", "", "--undefined-version --version-script=/w/x.ld"),
        ("windows", "-Wl,--stack,9 -Wl,--heap,9", "-Wl,--stack,9", "-HEAP:9"),
        (
            "windows",
            "-Wl,--gc-sections -Wl,--major-os-version=10 -Wl,--subsystem,console",
            "-Wl,--subsystem,console",
            "-OPT:REF -OPT:NOICF -OSVERSION:10.0",
        ),
        ("windows", "-Wl,--unheard-of", "-Wl,--unheard-of", ""),
        ("darwin", "-Wl,-order_file,list", "-Wl,-order_file,/w/list", ""),
    ] {
        let (mut args, rewritten) = run(os, false, line);
        args = args.replace("-Wl,--build-id=sha1", "");
        assert_eq!((args.trim(), rewritten.lld.join(" ").as_str()), (zig, lld), "{os}: {line}");
    }
}

#[test]
fn a_comma_in_a_path_parts_no_word() {
    let args = ["-shared".to_owned(), "-Wl,--version-script=x.map".to_owned()];
    let recipe = Recipe::example("linux");
    let rewritten = rewrite(&args, Utf8Path::new("/a,b"), &recipe, &|_| true);
    let expected = ["-shared", "-Xlinker", "--version-script", "-Xlinker", "/a,b/x.map"];
    assert_eq!(rewritten.args, expected);
}

proptest! {
    #[test]
    fn no_argument_list_panics_and_absolute_words_stay(args in proptest::collection::vec("[-a-zW,=./]{0,10}", 0..8)) {
        let recipe = Recipe::example("linux");
        let rewritten = rewrite(&args, Utf8Path::new("/w"), &recipe, &|_| false);
        for arg in args.iter().filter(|a| a.starts_with('/')) {
            prop_assert!(rewritten.args.iter().any(|r| r.contains(arg.as_str())) || args.iter().any(|a| a.starts_with("-Wl,-exp")));
        }
    }
}

#[test]
fn libraries_that_are_needed_by_word_alone() {
    for (line, expected) in [
        ("-Wl,--no-as-needed -lm -l rt -Wl,--as-needed -lutil", &["m", "rt"][..]),
        ("-Wl,--push-state,--no-as-needed,-lm,--pop-state -ldl", &["m"]),
        ("-Wl,--as-needed -lm -Wl,--no-as-needed -lother", &[]),
    ] {
        let (_, rewritten) = run("linux", false, line);
        assert_eq!(rewritten.asked.needed, expected, "{line}");
    }
}

#[test]
fn a_mach_o_header_has_room_unless_the_user_says_how_much() {
    let given = |line: &str| {
        let (_, rewritten) = run("darwin", false, line);
        rewritten.args.iter().filter(|arg| arg.contains("-headerpad")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(given("a.o"), [ROOM_FOR_COMMANDS]);
    assert_eq!(given("a.o -Wl,-headerpad,0x20"), ["-Wl,-headerpad,0x20"]);
    assert_eq!(given("a.o -Wl,-headerpad_max_install_names").len(), 1);
}

#[test]
fn options_of_apples_linker_are_no_libraries() {
    let cwd = Utf8Path::new("/w");
    for (option, expected) in [
        ("-Wl,-ld_classic", "-Wl,-ld_classic"),
        ("-ld_classic", "-Wl,-ld_classic"),
        ("-bundle", "-Wl,-bundle"),
        ("-Wl,-bundle", "-Wl,-bundle"),
        ("-Wl,-ObjC", "-ObjC"),
        ("-ObjC", "-ObjC"),
        ("-Wl,-lto_library", "-Wl,-lto_library"),
        ("-Wl,-ld", "-ld"),
        ("-Wl,-lz", "-lz"),
    ] {
        let args = [option.to_owned()];
        let rewritten = rewrite(&args, cwd, &Recipe::example("darwin"), &|_| false);
        assert_eq!(rewritten.args[0], expected);
    }
}
