// Package about has variables of every kind that -X can and cannot set.
package about

import "strings"

// Commit is settable: it has no value of its own.
var Commit string

// Name is no variable.
const Name = "app"

// Loud is computed when the program starts.
var Loud = strings.ToUpper(Name)

// Port is no string.
var Port = 80

// Unread is settable, but no code reads it.
var Unread = "nobody"
