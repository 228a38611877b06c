// A program with C of its own, and with the packages of Go that have C or Apple's frameworks.
package main

// #cgo CFLAGS: -I${SRCDIR}/../../inc
// #include <stdlib.h>
// #include "answer.h"
import "C"

import (
	"crypto/x509"
	"fmt"
	"net"
	"os/user"
	"runtime"
	"unsafe"
)

var version = "dev"

func main() {
	text := C.CString("text")
	defer C.free(unsafe.Pointer(text))
	fmt.Println("c:", C.answer(21), C.GoString(text))
	_, err := x509.ParseCertificate(nil)
	fmt.Println("x509:", err != nil)
	addresses, err := net.LookupHost("127.0.0.1")
	fmt.Println("net:", addresses, err)
	me, err := user.Current()
	fmt.Println("user:", err == nil && me.Uid != "")
	if _, err := x509.SystemCertPool(); err != nil {
		fmt.Println("roots:", err)
	}
	fmt.Println("version:", version, runtime.GOOS+"/"+runtime.GOARCH)
}
