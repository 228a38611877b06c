// A program with C++, whose exceptions have to work.
package main

// int length(int n);
import "C"

import "fmt"

func main() { fmt.Println("c++:", C.length(3), C.length(-1)) }
