package parcel

import (
	"net/netip"
	"testing"
	"time"
)

// What an earlier release wrote of a value is what this one writes.
func TestFrozenTextStaysTheSame(t *testing.T) {
	at := &spot{"here"}
	in := filled(at)
	const want = `{"inner":{"when":1700000000000012345,"every":1000000000,"text":"é \"quoted\"\n"},"Yes":true,"n":-5,"Small":7,"gain":-1.5e-09,` +
		`"raw":{"a":[1,"x]"]},"bytes":"AP8=","list":[{"text":"one"},{}],"pair":["","b"],"byKey":[[{"text":"k"},1],[{"text":"l"},2]],` +
		`"byNum":[[3,{"text":"p"}],[4,null]],"addr":"[::1]:5060","stream":"CgFzEKCcAQ==","at":"here","own":{"text":"own"},"any":{"x":1.5},"of":"here"}`
	if got := string(schemeOf(at).Freeze(nil, &in)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

type knot struct {
	Name string
	Next *knot
	Old  []knot
	Any  interface{ never() }
}

func TestFreezeOfATypeThatHoldsItself(t *testing.T) {
	in := knot{Name: `a "b" \`, Next: &knot{Name: "c"}, Old: []knot{{}, {Name: "d"}}}
	const want = `{"Name":"a \"b\" \\","Next":{"Name":"c"},"Old":[{},{"Name":"d"}]}`
	if got := string(NewScheme().Freeze(nil, &in)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type dialog struct {
	ID, From, To string
	Up           bool
	Seq          uint32
	Since        time.Time
	Peer         netip.AddrPort
	Headers      []struct{ Name, Value string }
	Body         []byte
	Other        *dialog
	Quiet        [4]int
}

func aDialog() dialog {
	d := dialog{ID: "fe8904b03faea097", From: "sip:ann@a.example", To: "sip:5000@b.example", Up: true, Seq: 7, Since: time.Unix(1700000000, 5),
		Peer: netip.MustParseAddrPort("192.0.2.1:5060"), Headers: make([]struct{ Name, Value string }, 4), Body: make([]byte, 200)}
	d.Other = &dialog{ID: "x"}
	return d
}

// Every turn of every call is frozen.
func TestFreezeDoesNotAllocate(t *testing.T) {
	s, d, b := NewScheme(), aDialog(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { b = s.Freeze(b[:0], &d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFreeze(b *testing.B) {
	s, d, text := NewScheme(), aDialog(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		text = s.Freeze(text[:0], &d)
	}
	b.SetBytes(int64(len(text)))
}
