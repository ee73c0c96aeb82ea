package process

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// errGarbled is what a frame that does not decode gives.
var errGarbled = errors.New("process: garbled frame")

// maxNesting bounds the decoder's recursion; the types of package sandbox nest less.
const maxNesting = 32

// appendValue writes v field by field, in their order: both ends are the same program,
// so nothing needs a name. Functions and channels are left out, interfaces travel as
// JSON, and a nil slice or map stays nil.
func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint())
	case reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.String:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Slice:
		return appendSlice(b, v)
	case reflect.Map:
		if v.IsNil() {
			return append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(v.Len())+1)
		for it := v.MapRange(); it.Next(); {
			b = appendValue(appendValue(b, it.Key()), it.Value())
		}
		return b
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return appendValue(append(b, 1), v.Elem())
	case reflect.Struct:
		return appendStruct(b, v)
	case reflect.Interface:
		raw, err := json.Marshal(v.Interface())
		if err != nil {
			panic(fmt.Sprintf("process: %s does not travel: %v", v.Type(), err))
		}
		b = binary.AppendUvarint(b, uint64(len(raw)))
		return append(b, raw...)
	case reflect.Func, reflect.Chan:
		return b
	}
	panic(fmt.Sprintf("process: a %s does not travel", v.Type()))
}

func appendSlice(b []byte, v reflect.Value) []byte {
	if v.IsNil() {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(v.Len())+1)
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return append(b, v.Bytes()...)
	}
	for i := range v.Len() {
		b = appendValue(b, v.Index(i))
	}
	return b
}

func appendStruct(b []byte, v reflect.Value) []byte {
	if v.Type() == timeType {
		t := v.Interface().(time.Time)
		if t.IsZero() {
			return append(b, 0)
		}
		return binary.AppendVarint(append(b, 1), t.UnixNano())
	}
	for i := range v.NumField() {
		if f := v.Field(i); v.Type().Field(i).IsExported() {
			b = appendValue(b, f)
		}
	}
	return b
}

var timeType = reflect.TypeFor[time.Time]()

// decoder reads what appendValue wrote. After an error it reads zeros.
type decoder struct {
	b     []byte
	depth int
	err   error
}

// decode fills *p from b, all of it. Nothing of b is kept.
func decode(b []byte, p any) error {
	d := decoder{b: b}
	d.value(reflect.ValueOf(p).Elem())
	if d.err == nil && len(d.b) > 0 {
		d.fail()
	}
	return d.err
}

func (d *decoder) fail() { d.err, d.b = errGarbled, nil }

func (d *decoder) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) varint() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) flag() bool {
	b := d.bytes(1)
	return len(b) == 1 && b[0] != 0
}

// count reads a length that was written plus one; ok is false for nil.
func (d *decoder) count() (n int, ok bool) {
	c := d.uvarint()
	if c == 0 {
		return 0, false
	}
	if c-1 > uint64(len(d.b)) { // each element takes a byte at least
		d.fail()
		return 0, false
	}
	return int(c - 1), true
}

func (d *decoder) value(v reflect.Value) {
	if d.depth++; d.depth > maxNesting {
		d.fail()
	}
	defer func() { d.depth-- }()
	if d.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.flag())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(d.varint())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(d.uvarint())
	case reflect.Float64:
		if b := d.bytes(8); b != nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case reflect.String:
		v.SetString(string(d.bytes(d.uvarint())))
	case reflect.Slice:
		d.slice(v)
	case reflect.Map:
		d.table(v)
	case reflect.Pointer:
		if d.flag() {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(v.Elem())
		}
	case reflect.Struct:
		d.fields(v)
	case reflect.Interface:
		if err := json.Unmarshal(d.bytes(d.uvarint()), v.Addr().Interface()); err != nil {
			d.fail()
		}
	}
}

func (d *decoder) slice(v reflect.Value) {
	n, ok := d.count()
	if !ok {
		return
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := reflect.MakeSlice(v.Type(), n, n)
		copy(b.Bytes(), d.bytes(uint64(n)))
		v.Set(b)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, min(n, 64)))
	for i := 0; i < n && d.err == nil; i++ {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		d.value(v.Index(i))
	}
}

func (d *decoder) table(v reflect.Value) {
	n, ok := d.count()
	if !ok {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), min(n, 64)))
	for i := 0; i < n && d.err == nil; i++ {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		d.value(key)
		d.value(value)
		if d.err == nil {
			v.SetMapIndex(key, value)
		}
	}
}

func (d *decoder) fields(v reflect.Value) {
	if v.Type() == timeType {
		if d.flag() {
			v.Set(reflect.ValueOf(time.Unix(0, d.varint())))
		}
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			d.value(v.Field(i))
		}
	}
}
