//! Tables of selections, with the outputs that each selects.

use super::*;

/// Makes packages from lines of `name: kind/name …`, in cargo's own JSON.
fn metadata(lines: &str) -> Metadata {
    let mut packages = Vec::new();
    for line in lines.lines() {
        let (name, targets) = line.trim().split_once(':').expect("name: targets");
        let targets: Vec<_> = targets
            .split_whitespace()
            .map(|target| {
                let (kind, target) = target.split_once('/').expect("kind/name");
                // `example=cdylib/name` is an example of another type.
                let (kind, crate_type) = match kind.split_once('=') {
                    Some(both) => both,
                    None if kind == "example" => (kind, "bin"),
                    None => (kind, kind),
                };
                serde_json::json!({
                    "name": target, "kind": [kind], "crate_types": [crate_type],
                    "src_path": format!("/w/{name}/{target}.rs"), "edition": "2024",
                })
            })
            .collect();
        packages.push(serde_json::json!({
            "name": name, "version": "1.0.0", "id": format!("path+file:///w/{name}#1.0.0"),
            "dependencies": [], "targets": targets, "features": {},
            "manifest_path": format!("/w/{name}/Cargo.toml"),
        }));
    }
    let ids: Vec<_> = packages.iter().map(|p| p["id"].clone()).collect();
    serde_json::from_value(serde_json::json!({
        "packages": packages, "workspace_members": ids, "workspace_default_members": ids,
        "resolve": null, "workspace_root": "/w", "target_directory": "/w/target", "version": 1,
    }))
    .expect("metadata")
}

fn select(lines: &str, selection: &Selection) -> Result<String, SelectionError> {
    let metadata = metadata(lines);
    let packages = packages(&metadata, Utf8Path::new("/w/Cargo.toml"), selection)?;
    let wanted = wanted(&packages, selection)?;
    let words: Vec<_> =
        wanted.iter().map(|w| format!("{}/{}", w.kind.crate_type(), w.name)).collect();
    Ok(words.join(" "))
}

#[test]
fn what_is_wanted() {
    let all = "a: bin/a cdylib/al example/e\nb: bin/b lib/bl";
    let some = |change: fn(&mut Selection)| {
        let mut selection = Selection::default();
        change(&mut selection);
        select(all, &selection).expect("selects")
    };
    assert_eq!(some(|_| ()), "bin/a cdylib/al bin/b");
    assert_eq!(some(|s| s.packages = vec!["b".into()]), "bin/b");
    assert_eq!(some(|s| s.bins = vec!["a".into()]), "bin/a");
    assert_eq!(some(|s| s.all_bins = true), "bin/a bin/b");
    assert_eq!(some(|s| s.lib = true), "cdylib/al");
    assert_eq!(some(|s| s.examples = vec!["e".into()]), "bin/e");
    assert_eq!(some(|s| s.mode = Some(Mode::Exe)), "bin/a bin/b");
    let of_b =
        |mode| Selection { mode: Some(mode), packages: vec!["b".into()], ..Selection::default() };
    assert_eq!(select(all, &of_b(Mode::CShared)).expect("selects"), "cdylib/bl");
    assert_eq!(select(all, &of_b(Mode::CArchive)).expect("selects"), "staticlib/bl");
    // A package without a library does not count.
    let one = select(
        "a: bin/a\nb: lib/bl",
        &Selection { mode: Some(Mode::CShared), ..Selection::default() },
    );
    assert_eq!(one.expect("selects"), "cdylib/bl");
}

#[test]
fn every_spec_that_cargo_takes() {
    let all = "alpha: bin/a\nbeta: bin/b\nbeta-two: bin/c";
    for (specs, expected) in [
        (&["beta"][..], "bin/b"),
        (&["beta@1.0.0"], "bin/b"),
        (&["beta@1"], "bin/b"),
        (&["beta:1.0"], "bin/b"),
        (&["beta*"], "bin/b bin/c"),
        (&["bet?"], "bin/b"),
        (&["path+file:///w/beta#1.0.0"], "bin/b"),
        (&["path+file:///w/beta#beta@1.0.0"], "bin/b"),
        (&["file:///w/beta#beta"], "bin/b"),
        (&["file:///w/beta/"], "bin/b"),
        (&["beta", "beta"], "bin/b"),
        (&["beta", "b*", "file:///w/beta"], "bin/b bin/c"),
        (&["beta", "alpha"], "bin/b bin/a"),
        (&["beta@1.1"], "refused"),
        (&["beta@1.0.00"], "refused"),
        (&["beta@2"], "refused"),
        (&["file:///w"], "refused"),
        (&["file:///w/beta#alpha"], "refused"),
        (&["g*"], "refused"),
        (&[""], "refused"),
    ] {
        let packages = specs.iter().map(|spec| (*spec).to_owned()).collect();
        let found = select(all, &Selection { packages, ..Selection::default() });
        assert_eq!(found.unwrap_or("refused".into()), expected, "{specs:?}");
    }
}

#[test]
fn what_cannot_be() {
    let fails = |lines: &str, change: fn(&mut Selection)| {
        let mut selection = Selection::default();
        change(&mut selection);
        let error = select(lines, &selection).expect_err("refused");
        format!("{error}\n{}", error.hint().expect("each has one"))
    };
    for (error, words) in [
        (fails("a: lib/a", |_| ()), "a has nothing to ship"),
        (fails("a: bin/a", |s| s.lib = true), "no library, which --lib needs"),
        (fails("a: bin/a", |s| s.mode = Some(Mode::CShared)), "which --buildmode c-shared needs"),
        (
            fails("a: lib/a\nb: lib/b", |s| s.mode = Some(Mode::CArchive)),
            "c-archive builds the library of one package, and here are those of a, b",
        ),
        (fails("alpha: bin/a", |s| s.packages = vec!["alhpa".into()]), "did you mean `alpha`?"),
        (fails("a: bin/serve", |s| s.bins = vec!["xyz".into()]), "there are: serve"),
        (fails("a: bin/x\nb: bin/x", |_| ()), "`x` is made by a and by b"),
        (
            fails("a: bin/x example/x", |s| {
                s.all_bins = true;
                s.examples = vec!["x".into()];
            }),
            "made by a and by an example of a",
        ),
    ] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_member_is_chosen_by_its_manifest() {
    let metadata = metadata("a: bin/a\nb: bin/b");
    let at = |path: &str| {
        let found = packages(&metadata, Utf8Path::new(path), &Selection::default());
        found.expect("packages").iter().map(|p| p.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(at("/w/b/Cargo.toml"), ["b"]);
    assert_eq!(at("/w/Cargo.toml"), ["a", "b"]);
}

#[test]
fn an_example_that_is_a_library_is_refused() {
    let selection = Selection { examples: vec!["e".into()], ..Selection::default() };
    let error = select("a: bin/a example=cdylib/e", &selection).expect_err("is no program");
    assert_eq!(error, SelectionError::LibraryExample { name: "e".into(), kind: "cdylib".into() });
    assert_eq!(select("a: bin/a example/e", &selection).as_deref(), Ok("bin/e"));
}
