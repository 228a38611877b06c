// Package words is a dependency by path: in the build information it has a replacement.
package words

// Greeting begins what the program prints.
const Greeting = "hello"
