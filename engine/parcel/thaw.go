package parcel

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
)

// Thaw reads into what p points to. Fields that the text does not name stay as they
// are; names nobody knows are skipped. References are looked up, so what they name must
// be there first; one that is not is nil. ErrFormat.
func (s *Scheme) Thaw(b []byte, p any) error {
	return s.read(&text{b: b}, reflect.ValueOf(p).Elem(), false)
}

func (s *Scheme) read(t *text, v reflect.Value, own bool) error {
	typ := v.Type()
	switch typ.Kind() {
	case reflect.String:
		str, err := t.str()
		v.SetString(str)
		return err
	case reflect.Slice, reflect.Array:
		return s.readList(t, v, own)
	case reflect.Map:
		return s.readMap(t, v)
	case reflect.Pointer, reflect.Interface:
		return s.readPointer(t, v, own)
	case reflect.Struct:
		return s.readStruct(t, v)
	}
	return readWord(t, v)
}

func readWord(t *text, v reflect.Value) error {
	w := t.word()
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(w == "true")
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(w, 10, v.Type().Bits())
		v.SetInt(n)
		return format(err)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(w, 10, v.Type().Bits())
		v.SetUint(n)
		return format(err)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(w, 64)
		v.SetFloat(n)
		return format(err)
	}
	panic(fmt.Sprintf("parcel: %v cannot be read", v.Type()))
}

func format(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return nil
}

func (s *Scheme) readList(t *text, v reflect.Value, own bool) error {
	typ := v.Type()
	switch {
	case typ == rawType:
		raw, err := t.raw()
		if string(raw) != "null" {
			v.SetBytes(append([]byte(nil), raw...))
		}
		return err
	case t.null():
		return nil
	case typ.Elem().Kind() == reflect.Uint8 && typ.Kind() == reflect.Slice:
		b, err := readBase64(t)
		v.SetBytes(b)
		return err
	case typ.Kind() == reflect.Array:
		i := 0
		return t.each('[', ']', func() error {
			if i++; i > v.Len() {
				return t.skip()
			}
			return s.read(t, v.Index(i-1), own)
		})
	}
	list := reflect.MakeSlice(typ, 0, 0)
	err := t.each('[', ']', func() error {
		item := reflect.New(typ.Elem()).Elem()
		err := s.read(t, item, own)
		list = reflect.Append(list, item)
		return err
	})
	v.Set(list)
	return err
}

func readBase64(t *text) ([]byte, error) {
	str, err := t.str()
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(str)
	return b, format(err)
}

func (s *Scheme) readMap(t *text, v reflect.Value) error {
	if t.null() {
		return nil
	}
	typ := v.Type()
	m := reflect.MakeMap(typ)
	err := t.each('[', ']', func() error {
		key, value := reflect.New(typ.Key()).Elem(), reflect.New(typ.Elem()).Elem()
		n := 0
		err := t.each('[', ']', func() error {
			n++
			switch n {
			case 1:
				return s.read(t, key, false)
			case 2:
				return s.read(t, value, false)
			}
			return t.wrong("a pair")
		})
		if err == nil && n == 2 {
			m.SetMapIndex(key, value)
		}
		return err
	})
	v.Set(m)
	return err
}

func (s *Scheme) readPointer(t *text, v reflect.Value, own bool) error {
	if t.null() {
		return nil
	}
	typ := v.Type()
	if r, ok := s.refs[typ]; ok && !own {
		name, err := t.str()
		if err != nil {
			return err
		}
		if to := r.Find(name); to != nil {
			v.Set(reflect.ValueOf(to))
		}
		return nil
	}
	switch {
	case typ.Kind() == reflect.Pointer && typ.Implements(protoType):
		b, err := readBase64(t)
		if err != nil {
			return err
		}
		m := reflect.New(typ.Elem())
		if err := proto.Unmarshal(b, m.Interface().(proto.Message)); err != nil {
			return format(err)
		}
		v.Set(m)
		return nil
	case typ == anyType:
		raw, err := t.raw()
		if err != nil {
			return err
		}
		var x any
		if err := json.Unmarshal(raw, &x); err != nil {
			return format(err)
		}
		v.Set(reflect.ValueOf(&x).Elem())
		return nil
	case typ.Kind() == reflect.Interface:
		return t.skip()
	}
	p := reflect.New(typ.Elem())
	v.Set(p)
	return s.read(t, p.Elem(), false)
}

func (s *Scheme) readStruct(t *text, v reflect.Value) error {
	typ := v.Type()
	switch {
	case typ == timeType:
		n, err := strconv.ParseInt(t.word(), 10, 64)
		if n != 0 {
			v.Set(reflect.ValueOf(time.Unix(0, n)))
		}
		return format(err)
	case isText(typ):
		str, err := t.str()
		if err != nil || str == "" {
			return err
		}
		return format(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(str)))
	}
	plan := s.plan(typ).fields
	next := 0 // fields come in the order of the plan, as a rule
	return t.each('{', '}', func() error {
		name, err := t.key()
		if err != nil {
			return err
		}
		for i := range plan {
			f := &plan[(next+i)%len(plan)]
			if f.plain == name {
				next += i + 1
				return s.read(t, open(v.Field(f.index)), f.own)
			}
		}
		return t.skip()
	})
}
