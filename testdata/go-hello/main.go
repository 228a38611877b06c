// Command hello is what the tests of rgo-version-m look into: a Go program with dependencies from
// a registry and by path, and a variable for -X.
package main

import (
	"example.com/words"
	"rsc.io/quote"
)

var version = "dev"

func main() {
	println(words.Greeting, version, quote.Go())
}
