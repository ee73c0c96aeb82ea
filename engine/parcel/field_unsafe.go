package parcel

import (
	"reflect"
	"unsafe"
)

// open is a field of an addressable struct, free of the mark that keeps other packages
// out of unexported ones. The struct's owner has asked for it by Freeze or Thaw.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}
