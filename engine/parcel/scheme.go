package parcel

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"time"
	"unsafe"

	"google.golang.org/protobuf/proto"
)

// ErrFormat is text that is not what Freeze writes.
var ErrFormat = errors.New("parcel: not a record of this format")

// Ref names values that live elsewhere: a pointer to one is written as its name.
type Ref struct {
	Type reflect.Type          // a pointer or interface type
	Name func(v any) string    // of a value that is not nil; "": written as nothing
	Find func(name string) any // nil: it is not there any more
}

// Scheme writes and reads structs with all their fields, exported or not, so that a
// field added anywhere rides along by itself. Fields of functions and those tagged
// `freeze:"-"` stay behind; zero fields cost nothing; names that are unknown when read
// are skipped, so that older and newer releases understand each other.
//
// A pointer of a Ref's type is written by name, unless its field is tagged
// `freeze:"own"` (which holds for the items of a list too). Other pointers are written as what they point to, one copy each.
type Scheme struct {
	refs    map[reflect.Type]Ref
	plans   map[reflect.Type]*plan
	writers map[written]writer
}

// plan lists the fields of a struct type that are written.
type plan struct{ fields []field }

// field is one field of a struct that is written.
type field struct {
	name  string // quoted, with its colon
	plain string
	index int
	own   bool

	offset uintptr
	zero   func(unsafe.Pointer) bool
	write  writer
}

// NewScheme makes a Scheme with these references.
func NewScheme(refs ...Ref) *Scheme {
	s := &Scheme{refs: map[reflect.Type]Ref{}, plans: map[reflect.Type]*plan{}, writers: map[written]writer{}}
	for _, r := range refs {
		s.refs[r.Type] = r
	}
	return s
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	protoType = reflect.TypeFor[proto.Message]()
	textType  = reflect.TypeFor[encoding.TextMarshaler]()
	untext    = reflect.TypeFor[encoding.TextUnmarshaler]()
	anyType   = reflect.TypeFor[any]()

	addrPortType = reflect.TypeFor[netip.AddrPort]()
)

// plan makes a struct type's plan, or finds it.
func (s *Scheme) plan(t reflect.Type) *plan {
	if l := s.plans[t]; l != nil {
		return l
	}
	l := &plan{}
	s.plans[t] = l // before its fields' writers: one of them may be of this type
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("freeze")
		if k := f.Type.Kind(); tag == "-" || k == reflect.Func || k == reflect.Chan || f.Name == "_" {
			continue
		}
		l.fields = append(l.fields, field{name: fmt.Sprintf("%q:", f.Name), plain: f.Name, index: i, own: tag == "own",
			offset: f.Offset, zero: zeroOf(f.Type), write: s.writerOf(f.Type, tag == "own")})
	}
	return l
}

// isText says whether values of t are written as their text: addresses and the like.
func isText(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.Implements(textType) && reflect.PointerTo(t).Implements(untext)
}
