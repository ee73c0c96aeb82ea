package process

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// fill puts something into every field there is, and into those of what it points to.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(-*n % 100))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n % 100))
	case reflect.String:
		v.SetString(time.Duration(*n).String())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Interface:
		v.Set(reflect.ValueOf("any"))
	case reflect.Struct:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 5)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	}
}

// Everything that package sandbox puts into an activation or a result arrives, also
// what it will put there tomorrow; and nil stays nil.
func TestEverythingTravels(t *testing.T) {
	for _, p := range []any{&sandbox.Activation{}, &sandbox.Result{}, &opening{}, &access{}, &found{}, &ending{}, &taking{}, &taken{}, &loaded{}, &preparation{}} {
		for _, full := range []bool{false, true} {
			if n := 0; full {
				fill(reflect.ValueOf(p).Elem(), &n)
			}
			back := reflect.New(reflect.TypeOf(p).Elem())
			b := appendFrame(nil, kindResult, p)
			if err := decode(b[5:], back.Interface()); err != nil {
				t.Fatalf("%T: %v", p, err)
			}
			if !reflect.DeepEqual(back.Interface(), p) {
				t.Errorf("%T came back as\n%+v, was\n%+v", p, back.Elem(), reflect.ValueOf(p).Elem())
			}
		}
	}
}

// An order carries the program and every option that is data.
func TestOrderTravels(t *testing.T) {
	o := order{Program: sandbox.Program{App: "a", Code: []byte("x"), Map: []byte("m"), Files: []string{"f"}},
		Options: sandbox.Options{Budget: time.Second, Heap: 5, Faces: []sandbox.Face{{Class: "Call", Methods: []sandbox.Method{
			{Name: "m", Options: []sandbox.Option{{Name: "o", Default: "5s"}, {Name: "p", Default: true}}}}}}}}
	var back order
	if err := decode(appendFrame(nil, kindLoad, &o)[5:], &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, o) {
		t.Errorf("came back as\n%+v, was\n%+v", back, o)
	}
}

// FuzzDecode: no bytes make the decoder panic, or take much more memory than they are.
func FuzzDecode(f *testing.F) {
	n := 0
	r, a := sandbox.Result{}, access{}
	fill(reflect.ValueOf(&r).Elem(), &n)
	fill(reflect.ValueOf(&a).Elem(), &n)
	f.Add(appendFrame(nil, kindResult, &r)[5:])
	f.Add(appendFrame(nil, kindAccess, &a)[5:])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []any{&sandbox.Result{}, &sandbox.Activation{}, &access{}, &ending{}, &taken{}, &loaded{}, &order{}} {
			if err := decode(b, p); err != nil && !errors.Is(err, errGarbled) {
				t.Errorf("%T: %v", p, err)
			}
		}
	})
}

// A frame that is cut, empty or too long is an error, not a wait or an allocation.
func TestFrames(t *testing.T) {
	s := "unit"
	whole := appendFrame(appendFrame(nil, kindClose, &s), kindClose, &s)
	for cut := range len(whole) {
		r := newReader(&slow{b: whole[:cut]})
		var err error
		for err == nil {
			_, _, err = r.next()
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", cut, err)
		}
	}
	for _, head := range [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}} {
		if _, _, err := newReader(&slow{b: head}).next(); !errors.Is(err, errGarbled) {
			t.Errorf("length % x: %v", head, err)
		}
	}
}

// slow gives one byte at a time.
type slow struct{ b []byte }

func (s *slow) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	p[0], s.b = s.b[0], s.b[1:]
	return 1, nil
}

// What a child holds of the tree is bounded, and what was given up reads as empty.
func TestNumbers(t *testing.T) {
	state := sandbox.NewState(nil)
	tr := tree{state: state}
	tr.begin()
	if f := tr.do(access{Unit: "a", Do: sandbox.Put, Key: "o", Value: json.RawMessage(`{"k":{"n":1}}`)}); f.Error != "" {
		t.Fatal(f.Error)
	}
	first := tr.do(access{Unit: "a", Do: sandbox.ReadChild, Key: "o"})
	again := tr.do(access{Unit: "a", Do: sandbox.ReadChild, Key: "o"})
	if first.Node == 0 || first.Node != again.Node || string(first.JSON) != "{}" {
		t.Errorf("read %+v, then %+v", first, again)
	}
	if f := tr.do(access{Unit: "b", Do: sandbox.ReadChild, Path: []string{"o"}, Node: first.Node, Key: "k"}); string(f.JSON) != "[0]" {
		t.Errorf("another unit reads %s through a number that is not its own", f.JSON)
	}
	tr.forget("a")
	if f := tr.do(access{Unit: "a", Do: sandbox.Put, Path: []string{"o"}, Node: first.Node, Key: "k", Value: json.RawMessage(`1`)}); f.Error == "" {
		t.Error("a write to what was given up succeeded")
	}
	tr.end(ending{Unit: "a", Turn: 1, Keep: true})
	if tr.held() {
		t.Error("the tree is held after the end")
	}
}
