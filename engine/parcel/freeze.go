package parcel

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"
)

// Freeze appends what p points to as JSON text. Equal values give equal texts. It
// panics on a type that cannot be written: a mistake of ours that any test meets.
// A type's first value costs the making of its writer, the others no reflection but
// for maps, interfaces and protobuf messages.
func (s *Scheme) Freeze(b []byte, p any) []byte {
	v := reflect.ValueOf(p)
	return s.writerOf(v.Type().Elem(), false)(b, v.UnsafePointer())
}

// write appends any value that is addressable.
func (s *Scheme) write(b []byte, v reflect.Value) []byte {
	return s.writerOf(v.Type(), false)(b, v.Addr().UnsafePointer())
}

// quote appends a string.
func quote(b []byte, text string) []byte {
	from := len(b)
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < ' ' || c >= 0x7f:
			q, _ := json.Marshal(text) // of a string it cannot fail
			return append(b[:from], q...)
		case c == '"' || c == '\\':
			b = append(append(b, text[start:i]...), '\\')
			start = i
		}
	}
	b = append(b, text[start:]...)
	return append(b, '"')
}

// writeMap writes pairs in the order of their keys' text.
func (s *Scheme) writeMap(b []byte, v reflect.Value) []byte {
	if v.Len() == 0 {
		return append(b, "[]"...)
	}
	pairs := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		pair := s.write([]byte{'['}, settable(it.Key()))
		pair = append(pair, ',')
		pair = s.write(pair, settable(it.Value()))
		pairs = append(pairs, string(append(pair, ']')))
	}
	slices.Sort(pairs)
	b = append(b, '[')
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, p...)
	}
	return append(b, ']')
}

func settable(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func writeProto(b []byte, v reflect.Value) []byte {
	text, _ := proto.MarshalOptions{Deterministic: true}.Marshal(v.Interface().(proto.Message)) // of our own making
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, text)
	return append(b, '"')
}

func writeAny(b []byte, v reflect.Value) []byte {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		panic(fmt.Sprintf("parcel: %v: %v", v.Elem().Type(), err))
	}
	return append(b, text...)
}

func writeText(b []byte, v reflect.Value) []byte {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		panic(fmt.Sprintf("parcel: %v: %v", v.Type(), err))
	}
	return quote(b, string(text))
}
