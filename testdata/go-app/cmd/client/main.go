// The client knows its commit alone.
package main

import (
	"fmt"

	"example.com/app/about"
)

func main() { fmt.Println("client", about.Commit) }
