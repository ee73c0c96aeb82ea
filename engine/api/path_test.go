package api

import (
	"errors"
	"slices"
	"testing"
)

func TestParsePath(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         nil,
		"state":                    nil,
		"pins":                     {"pins"},
		"pins.1234.room":           {"pins", "1234", "room"},
		"state.pins.a":             {"pins", "a"},
		"stately.a":                {"stately", "a"},
		"list[0]":                  {"list", "0"},
		"list.0":                   {"list", "0"},
		"['a.b']":                  {"a.b"},
		`state["a'b"].c`:           {"a'b", "c"},
		`a['it\'s'][12].d`:         {"a", "it's", "12", "d"},
		"+44 20":                   {"+44 20"},
		"['']":                     {""},
		"['state'].x":              {"state", "x"},
		`n['\\']`:                  {"n", `\`},
		"pins.é":                   {"pins", "é"},
		"billing.sip:a@b-c_d/e?f&": {"billing", "sip:a@b-c_d/e?f&"},
	} {
		got, err := ParsePath(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s reads as %q, %v, want %q", text, got, err, want)
		}
		again, err := ParsePath(PathText(got))
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%q is written %s, which reads as %q, %v", got, PathText(got), again, err)
		}
	}
	for _, text := range []string{".a", "a.", "a..b", "a[", "a[]", "a[b]", "a['b", "a['b'", "a['b'x]", "a]b", "a'b", "[0]x", "a[0"} {
		if got, err := ParsePath(text); !errors.Is(err, ErrBadPath) {
			t.Errorf("%s reads as %q, %v", text, got, err)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("a['b'].c[0]")
	f.Fuzz(func(t *testing.T, text string) {
		path, err := ParsePath(text)
		if err != nil {
			return
		}
		if again, err := ParsePath(PathText(path)); err != nil || !slices.Equal(again, path) {
			t.Errorf("%q reads as %q, is written %s and reads as %q, %v", text, path, PathText(path), again, err)
		}
	})
}
