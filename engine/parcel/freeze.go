package parcel

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
)

// Freeze appends what p points to as JSON text. Equal values give equal texts. It
// panics on a type that cannot be written: a mistake of ours that any test meets.
func (s *Scheme) Freeze(b []byte, p any) []byte {
	return s.write(b, reflect.ValueOf(p).Elem(), false)
}

// write appends an addressable value.
func (s *Scheme) write(b []byte, v reflect.Value, own bool) []byte {
	t := v.Type()
	switch t.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case reflect.String:
		return quote(b, v.String())
	case reflect.Slice, reflect.Array:
		return s.writeList(b, v, own)
	case reflect.Map:
		return s.writeMap(b, v)
	case reflect.Pointer, reflect.Interface:
		return s.writePointer(b, v, own)
	case reflect.Struct:
		return s.writeStruct(b, v)
	}
	panic(fmt.Sprintf("parcel: %v cannot be written", t))
}

func quote(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			q, _ := json.Marshal(text) // of a string it cannot fail
			return append(b, q...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func (s *Scheme) writeList(b []byte, v reflect.Value, own bool) []byte {
	t := v.Type()
	switch {
	case t == rawType:
		if v.Len() == 0 {
			return append(b, "null"...)
		}
		return append(b, v.Bytes()...)
	case t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.write(b, v.Index(i), own)
	}
	return append(b, ']')
}

// writeMap writes pairs in the order of their keys' text.
func (s *Scheme) writeMap(b []byte, v reflect.Value) []byte {
	pairs := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		pair := s.write([]byte{'['}, settable(it.Key()), false)
		pair = append(pair, ',')
		pair = s.write(pair, settable(it.Value()), false)
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

func (s *Scheme) writePointer(b []byte, v reflect.Value, own bool) []byte {
	if v.IsNil() {
		return append(b, "null"...)
	}
	t := v.Type()
	if r, ok := s.refs[t]; ok && !own {
		return quote(b, r.Name(v.Interface()))
	}
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(protoType):
		text, _ := proto.MarshalOptions{Deterministic: true}.Marshal(v.Interface().(proto.Message)) // of our own making
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, text)
		return append(b, '"')
	case t == anyType:
		text, err := json.Marshal(v.Interface())
		if err != nil {
			panic(fmt.Sprintf("parcel: %v: %v", v.Elem().Type(), err))
		}
		return append(b, text...)
	case t.Kind() == reflect.Interface:
		panic(fmt.Sprintf("parcel: a %v cannot be written", t))
	}
	return s.write(b, v.Elem(), false)
}

func (s *Scheme) writeStruct(b []byte, v reflect.Value) []byte {
	t := v.Type()
	switch {
	case t == timeType:
		at := v.Interface().(time.Time)
		if at.IsZero() {
			return append(b, '0')
		}
		return strconv.AppendInt(b, at.UnixNano(), 10)
	case isText(t):
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			panic(fmt.Sprintf("parcel: %v: %v", t, err))
		}
		return quote(b, string(text))
	}
	b = append(b, '{')
	first := true
	for _, f := range s.plan(t) {
		value := open(v.Field(f.index))
		if value.IsZero() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, f.name...)
		b = s.write(b, value, f.own)
	}
	return append(b, '}')
}
