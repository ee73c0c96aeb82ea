package parcel

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// writer appends the value that p points to; it is made once for each type. p is good
// for a value of that type: it comes from a pointer to one, or from a field's offset
// within one.
type writer func(b []byte, p unsafe.Pointer) []byte

type written struct {
	t   reflect.Type
	own bool
}

// writerOf makes a type's writer, or finds it.
func (s *Scheme) writerOf(t reflect.Type, own bool) writer {
	w := s.writers[written{t, own}]
	if w == nil {
		w = s.newWriter(t, own)
		s.writers[written{t, own}] = w
	}
	return w
}

func (s *Scheme) newWriter(t reflect.Type, own bool) writer {
	switch k := t.Kind(); k {
	case reflect.String:
		return func(b []byte, p unsafe.Pointer) []byte { return quote(b, *(*string)(p)) }
	case reflect.Slice:
		return s.sliceWriter(t, own)
	case reflect.Array:
		item, size, n := s.writerOf(t.Elem(), own), t.Elem().Size(), t.Len()
		return func(b []byte, p unsafe.Pointer) []byte { return writeItems(b, item, p, size, n) }
	case reflect.Map:
		return reflected(t, s.writeMap)
	case reflect.Pointer, reflect.Interface:
		return s.pointerWriter(t, own)
	case reflect.Struct:
		return s.structWriter(t)
	default:
		return wordWriter(t, k)
	}
}

// reflected is a writer of what is rare, or cannot be had otherwise.
func reflected(t reflect.Type, write func([]byte, reflect.Value) []byte) writer {
	return func(b []byte, p unsafe.Pointer) []byte { return write(b, reflect.NewAt(t, p).Elem()) }
}

func number[T ~int | ~int8 | ~int16 | ~int32 | ~int64](b []byte, p unsafe.Pointer) []byte {
	return strconv.AppendInt(b, int64(*(*T)(p)), 10)
}

func natural[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](b []byte, p unsafe.Pointer) []byte {
	return strconv.AppendUint(b, uint64(*(*T)(p)), 10)
}

func wordWriter(t reflect.Type, k reflect.Kind) writer {
	switch k {
	case reflect.Bool:
		return func(b []byte, p unsafe.Pointer) []byte { return strconv.AppendBool(b, *(*bool)(p)) }
	case reflect.Int:
		return number[int]
	case reflect.Int8:
		return number[int8]
	case reflect.Int16:
		return number[int16]
	case reflect.Int32:
		return number[int32]
	case reflect.Int64:
		return number[int64]
	case reflect.Uint:
		return natural[uint]
	case reflect.Uint8:
		return natural[uint8]
	case reflect.Uint16:
		return natural[uint16]
	case reflect.Uint32:
		return natural[uint32]
	case reflect.Uint64:
		return natural[uint64]
	case reflect.Float32, reflect.Float64:
		return reflected(t, func(b []byte, v reflect.Value) []byte { return strconv.AppendFloat(b, v.Float(), 'g', -1, 64) })
	}
	return unwritten(t)
}

// unwritten panics when a value of a type turns up that no text stands for.
func unwritten(t reflect.Type) writer {
	return func([]byte, unsafe.Pointer) []byte { panic(fmt.Sprintf("parcel: a %v cannot be written", t)) }
}

func (s *Scheme) sliceWriter(t reflect.Type, own bool) writer {
	switch {
	case t == rawType:
		return func(b []byte, p unsafe.Pointer) []byte {
			if raw := *(*json.RawMessage)(p); len(raw) > 0 {
				return append(b, raw...)
			}
			return append(b, "null"...)
		}
	case t.Elem().Kind() == reflect.Uint8:
		return func(b []byte, p unsafe.Pointer) []byte {
			b = append(b, '"')
			b = base64.StdEncoding.AppendEncode(b, *(*[]byte)(p))
			return append(b, '"')
		}
	}
	item, size := s.writerOf(t.Elem(), own), t.Elem().Size()
	return func(b []byte, p unsafe.Pointer) []byte {
		list := (*[]byte)(p) // its length counts items of any size
		return writeItems(b, item, unsafe.Pointer(unsafe.SliceData(*list)), size, len(*list))
	}
}

func writeItems(b []byte, item writer, p unsafe.Pointer, size uintptr, n int) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, unsafe.Add(p, uintptr(i)*size))
	}
	return append(b, ']')
}

func (s *Scheme) pointerWriter(t reflect.Type, own bool) writer {
	w := s.valueWriter(t, own)
	return func(b []byte, p unsafe.Pointer) []byte {
		if *(*unsafe.Pointer)(p) == nil { // of an interface it is its type
			return append(b, "null"...)
		}
		return w(b, p)
	}
}

// valueWriter writes what a pointer or interface that is not nil stands for.
func (s *Scheme) valueWriter(t reflect.Type, own bool) writer {
	if r, ok := s.refs[t]; ok && !own {
		return reflected(t, func(b []byte, v reflect.Value) []byte { return quote(b, r.Name(v.Interface())) })
	}
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(protoType):
		return reflected(t, writeProto)
	case t == anyType:
		return reflected(t, writeAny)
	case t.Kind() == reflect.Interface:
		return unwritten(t)
	}
	to := s.writerOf(t.Elem(), false)
	return func(b []byte, p unsafe.Pointer) []byte { return to(b, *(*unsafe.Pointer)(p)) }
}

func (s *Scheme) structWriter(t reflect.Type) writer {
	switch {
	case t == timeType:
		return func(b []byte, p unsafe.Pointer) []byte {
			at := *(*time.Time)(p)
			if at.IsZero() {
				return append(b, '0')
			}
			return strconv.AppendInt(b, at.UnixNano(), 10)
		}
	case t == addrPortType:
		return func(b []byte, p unsafe.Pointer) []byte {
			b = append(b, '"')
			b, _ = (*netip.AddrPort)(p).AppendText(b) // never fails; a zone is a name of the system's
			return append(b, '"')
		}
	case isText(t):
		return reflected(t, writeText)
	}
	return s.plan(t).write
}

// write appends a struct's fields but those that are zero.
func (l *plan) write(b []byte, p unsafe.Pointer) []byte {
	b = append(b, '{')
	first := true
	for i := range l.fields {
		f := &l.fields[i]
		at := unsafe.Add(p, f.offset)
		if f.zero(at) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.name...)
		b = f.write(b, at)
	}
	return append(b, '}')
}

// zeroOf says whether a value is its type's zero.
func zeroOf(t reflect.Type) func(unsafe.Pointer) bool {
	switch k := t.Kind(); k {
	case reflect.String:
		return func(p unsafe.Pointer) bool { return *(*string)(p) == "" }
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface:
		return func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil }
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return func(p unsafe.Pointer) bool { return *(*uint8)(p) == 0 }
	case reflect.Int, reflect.Uint:
		return func(p unsafe.Pointer) bool { return *(*uint)(p) == 0 }
	case reflect.Int64, reflect.Uint64:
		return func(p unsafe.Pointer) bool { return *(*uint64)(p) == 0 }
	}
	return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() }
}
