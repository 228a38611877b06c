// The server says what it is.
package main

import (
	"fmt"
	"os"

	"example.com/app/about"
)

var version = "dev"

func main() {
	fmt.Println("server", version, about.Commit, len(version), about.Loud, about.Port)
	if len(os.Args) > 1 {
		os.Exit(len(os.Args))
	}
}
