package parcel

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/callwright/callwright/media/control"
)

type spot struct{ name string }

type inner struct {
	when  time.Time
	every time.Duration
	text  string
}

type sample struct {
	inner
	Yes    bool
	n      int64
	Small  uint8
	gain   float64
	raw    json.RawMessage
	bytes  []byte
	list   []inner
	pair   [2]string
	byKey  map[inner]int
	byNum  map[uint32]*inner
	addr   netip.AddrPort
	stream *control.Stream
	at     *spot  // by name
	own    *inner `freeze:"own"`
	any    any
	of     interface{ label() string }
	left   int `freeze:"-"`
	do     func()
}

func (p *spot) label() string { return p.name }

func filled(at *spot) sample {
	when := time.Unix(1700000000, 12345)
	return sample{inner: inner{when, time.Second, "é \"quoted\"\n"}, Yes: true, n: -5, Small: 7, gain: -1.5e-9,
		raw: json.RawMessage(`{"a":[1,"x]"]}`), bytes: []byte{0, 255}, list: []inner{{text: "one"}, {}}, pair: [2]string{"", "b"},
		byKey: map[inner]int{{text: "k"}: 1, {text: "l"}: 2}, byNum: map[uint32]*inner{3: {text: "p"}, 4: nil},
		addr: netip.MustParseAddrPort("[::1]:5060"), stream: &control.Stream{Id: "s", Port: 20000},
		at: at, own: &inner{text: "own"}, any: map[string]any{"x": 1.5}, of: at}
}

func schemeOf(at *spot) *Scheme {
	find := func(name string) any {
		if name == at.name {
			return at
		}
		return nil
	}
	return NewScheme(
		Ref{reflect.TypeFor[*spot](), func(v any) string { return v.(*spot).name }, find},
		Ref{reflect.TypeFor[interface{ label() string }](), func(v any) string { return v.(*spot).name }, find})
}

func TestFrozenIsThawed(t *testing.T) {
	at := &spot{"here"}
	s := schemeOf(at)
	in := filled(at)
	in.left, in.do = 9, func() {}
	text := s.Freeze(nil, &in)
	if !json.Valid(text) {
		t.Fatalf("not JSON: %s", text)
	}
	if again := s.Freeze(nil, &in); string(again) != string(text) {
		t.Errorf("two texts of one value:\n%s\n%s", text, again)
	}
	var out sample
	if err := s.Thaw(text, &out); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(in.stream, out.stream) {
		t.Errorf("stream %v", out.stream)
	}
	in.left, in.do, in.stream, out.stream = 0, nil, nil, nil
	if !reflect.DeepEqual(in, out) {
		t.Errorf("got  %+v\nwant %+v", out, in)
	}
}

// Another release's fields are skipped, and who is not there any more is nil.
func TestThawSkipsWhatItDoesNotKnow(t *testing.T) {
	s := schemeOf(&spot{"here"})
	var out sample
	err := s.Thaw([]byte(`{"later":{"x":[1,{"y":"}"}]},"n":4,"at":"elsewhere","Yes":true}`), &out)
	if err != nil || out.n != 4 || out.at != nil || !out.Yes {
		t.Errorf("%v, %+v", err, out)
	}
}

func FuzzThaw(f *testing.F) {
	at := &spot{"here"}
	s := schemeOf(at)
	in := filled(at)
	f.Add(s.Freeze(nil, &in))
	f.Add([]byte(`{"list":[[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var out sample
		s.Thaw(text, &out) // must not panic or hang
		w := Whole{Parts: map[string][]byte{}}
		w.add(text)
	})
}
