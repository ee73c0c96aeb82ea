package sandbox

import (
	"reflect"

	"github.com/dop251/goja"
)

var (
	handleType   = reflect.TypeFor[*handle]()
	stateObjType = reflect.TypeFor[*stateObject]()
	stateArrType = reflect.TypeFor[*stateArray]()
	proxyType    = reflect.TypeFor[goja.Proxy]()
	promiseType  = reflect.TypeFor[*goja.Promise]()
	dataType     = reflect.TypeFor[map[string]any]()
)

func isBool(v goja.Value) bool {
	if v == nil {
		return false
	}
	if _, ok := v.(*goja.Object); ok {
		return false
	}
	t := v.ExportType()
	return t != nil && t.Kind() == reflect.Bool
}

func callable(o *goja.Object) bool {
	_, ok := goja.AssertFunction(o)
	return ok
}

// kindOf is the class of an object as an author would say it; goja calls Map, Set,
// Promise and buffers plain objects.
func kindOf(o *goja.Object) string {
	if c := o.ClassName(); c != "Object" {
		return c
	}
	switch t := o.ExportType(); t {
	case dataType, stateObjType:
		return "Object"
	case promiseType:
		return "Promise"
	case proxyType:
		return "Proxy"
	case handleType:
		return "host object"
	default:
		switch {
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Interface:
			return "Set"
		case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Array:
			return "Map"
		case t.Kind() == reflect.Slice:
			return "typed array"
		}
		return "buffer"
	}
}

// plain says whether an object is data: neither a function nor a list nor a host object.
func plain(o *goja.Object) bool {
	k := kindOf(o)
	return (k == "Object" || k == "Proxy") && !callable(o)
}
