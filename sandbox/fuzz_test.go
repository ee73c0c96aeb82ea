package sandbox

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/dop251/goja"
)

func testRealm(t testing.TB) *realm {
	t.Helper()
	faces, err := newFaceSet(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Program{App: "x", program: goja.MustCompile(bundleName, "(function () {})", false)}
	r, err := newRealm(goja.MustCompile("callwright:prelude", preludeText, true), faces, NewState(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.adopt(p, &watch{}); err != nil {
		t.Fatal(err)
	}
	r.cur = newUnit("u", AppUnit, 0, r)
	return r
}

// What the reader takes the writer writes back as JSON.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\"",null,true],"":{}}`, `[[[]]]`, `"`, `{"a"`, `1e999`, `{"__proto__":1,"$handle":"x","$fields":{"a":1}}`, `[1,]`, `{,}`, ` 1 `, `"\ud800"`, `-`, `01`} {
		f.Add(s)
	}
	r := testRealm(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := r.parse(json.RawMessage(s), nil, "")
		_, _ = r.parse(json.RawMessage(s), r.cur, "Call")
		clear(r.cur.objects)
		if err != nil {
			return
		}
		w := writer{r: r, max: maxJSON}
		if err := r.try(func() { w.value(v, 0) }); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if s != "" && !json.Valid(w.buf) {
			t.Fatalf("%q is written as %q", s, w.buf)
		}
	})
}

// A snapshot is restored whole or not at all, and is written back the same.
func FuzzRestore(f *testing.F) {
	f.Add(`{"v":1,"root":{"a":[1,{"b":null}],"c":"é"},"turns":{"u":3},"order":["u"]}`)
	f.Add(`{"v":1,"root":{"a":{"a":1},"a":2}}`)
	f.Fuzz(func(t *testing.T, s string) {
		st := NewState(nil)
		if st.Restore([]byte(s)) != nil {
			return
		}
		a, err := st.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		twin := NewState(nil)
		if err := twin.Restore(a); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		if b, _ := twin.Snapshot(); string(a) != string(b) {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

func FuzzRoute(f *testing.F) {
	f.Add(`^9\d{3}$`, "i")
	f.Add(`\u00e9[\-\/]\é\`, "gm")
	f.Fuzz(func(t *testing.T, source, flags string) {
		if text, err := toRE2(source, flags); err == nil {
			regexp.MustCompile(text)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"5s", "200ms", "1.5h", "-1s", "1e3s", "s", "1_0s", "0x1s", "inf s", "nans"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ms, ok := parseDuration(s); ok && !(ms >= 0 && ms < 1e308) {
			t.Fatalf("%q is %v ms", s, ms)
		}
	})
}

// A table of faces with what is no type is refused when a generation is loaded.
func TestUnknownTypeInFaces(t *testing.T) {
	for _, typ := range []Type{"strin", "'a", "", "number|"} {
		if _, err := newFaceSet([]Face{{Methods: []Method{{Name: "f", Params: []Param{{Name: "x", Type: typ}}}}}}); err == nil {
			t.Errorf("type %q is taken", typ)
		}
	}
	if _, err := newFaceSet([]Face{{Methods: []Method{{Name: "f", Options: []Option{{Name: "x", Type: Duration, Default: "5 s"}}}}}}); err == nil {
		t.Error("a default that is no duration is taken")
	}
}
