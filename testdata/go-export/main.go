// A library for C.
package main

import "C"

var version = "dev"

//export Add
func Add(a, b C.int) C.int { return a + b }

//export Version
func Version() *C.char { return C.CString(version) }

func main() {}
