// Command twice is what dlv is tried on: a line to stop at and a variable to read.
package main

import "fmt"

func twice(number int) int {
	doubled := number * 2
	fmt.Println("doubled", doubled)
	return doubled
}

func main() {
	if twice(21) != 42 {
		panic("not twice as much")
	}
}
