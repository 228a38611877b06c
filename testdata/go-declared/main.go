// Prints the package-level names of Go packages, as Go's own parser and type checker see them, for
// the tests that compare them with rgo's reader:
//
//	file	PACKAGE	PATH
//	name	PACKAGE	NAME	set|computed|type|constant|function|typename
//
// Arguments are patterns of `go list`.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

type listed struct {
	ImportPath, Dir, Export string
	GoFiles, CgoFiles       []string
	ImportMap               map[string]string
	DepOnly                 bool
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	packages := list(os.Args[1:])
	exports := map[string]string{}
	for _, one := range packages {
		exports[one.ImportPath] = one.Export
	}
	for _, one := range packages {
		if !one.DepOnly && one.ImportPath != "unsafe" {
			show(out, one, exports)
		}
	}
}

func list(patterns []string) []listed {
	fields := "-json=ImportPath,Dir,Export,GoFiles,CgoFiles,ImportMap,DepOnly"
	command := exec.Command("go", append([]string{"list", "-export", "-deps", fields}, patterns...)...)
	command.Stderr = os.Stderr
	pipe, err := command.StdoutPipe()
	check(err)
	check(command.Start())
	var all []listed
	for decoder := json.NewDecoder(pipe); ; {
		var one listed
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			break
		}
		check(err)
		all = append(all, one)
	}
	check(command.Wait())
	return all
}

func show(out io.Writer, one listed, exports map[string]string) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range append(one.GoFiles, one.CgoFiles...) {
		path := filepath.Join(one.Dir, name)
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		check(err)
		parsed = append(parsed, file)
		fmt.Fprintf(out, "file\t%s\t%s\n", one.ImportPath, path)
	}
	open := func(path string) (io.ReadCloser, error) {
		if mapped, ok := one.ImportMap[path]; ok {
			path = mapped
		}
		return os.Open(exports[path])
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{
		Importer:    importer.ForCompiler(files, "gc", open),
		FakeImportC: true,
		Error:       func(error) {},
	}
	checked, _ := config.Check(one.ImportPath, files, parsed, info)
	computed := computed(parsed, info)
	for _, name := range checked.Scope().Names() {
		fmt.Fprintf(out, "name\t%s\t%s\t%s\n", one.ImportPath, name, class(checked.Scope().Lookup(name), computed))
	}
}

// The variables whose initial value is not a constant.
func computed(files []*ast.File, info *types.Info) map[types.Object]bool {
	found := map[types.Object]bool{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, spec := range general.Specs {
				value := spec.(*ast.ValueSpec)
				for at, name := range value.Names {
					several := len(value.Values) > 0 && len(value.Values) != len(value.Names)
					if several || len(value.Values) > 0 && info.Types[value.Values[at]].Value == nil {
						found[info.Defs[name]] = true
					}
				}
			}
		}
	}
	return found
}

func class(object types.Object, computed map[types.Object]bool) string {
	switch object.(type) {
	case *types.Const:
		return "constant"
	case *types.Func:
		return "function"
	case *types.TypeName:
		return "typename"
	}
	if !types.Identical(object.Type(), types.Typ[types.String]) {
		return "type"
	}
	if computed[object] {
		return "computed"
	}
	return "set"
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
