package parcel

import (
	"encoding/json"
	"fmt"
)

// deepest bounds how far texts are nested.
const deepest = 64

// text reads JSON in one pass. It checks no more than it needs: what it reads was
// sealed by a brain; what it cannot read is an error, never a panic.
type text struct {
	b    []byte
	at   int
	deep int
}

func (t *text) wrong(want string) error {
	return fmt.Errorf("%w: want %s at byte %d of %d", ErrFormat, want, t.at, len(t.b))
}

func (t *text) space() {
	for t.at < len(t.b) && (t.b[t.at] == ' ' || t.b[t.at] == '\n' || t.b[t.at] == '\t' || t.b[t.at] == '\r') {
		t.at++
	}
}

func (t *text) peek() byte {
	t.space()
	if t.at < len(t.b) {
		return t.b[t.at]
	}
	return 0
}

// take passes over c if it is next.
func (t *text) take(c byte) bool {
	if t.peek() != c {
		return false
	}
	t.at++
	return true
}

// null passes over a null.
func (t *text) null() bool {
	if t.peek() == 'n' && len(t.b)-t.at >= 4 && string(t.b[t.at:t.at+4]) == "null" {
		t.at += 4
		return true
	}
	return false
}

// each calls item for each item of a list or, with keys, of an object.
func (t *text) each(opens, closes byte, item func() error) error {
	if !t.take(opens) {
		return t.wrong(string(opens))
	}
	if t.deep++; t.deep > deepest {
		return t.wrong("less depth")
	}
	defer func() { t.deep-- }()
	for first := true; !t.take(closes); first = false {
		if !first && !t.take(',') {
			return t.wrong("a comma")
		}
		if err := item(); err != nil {
			return err
		}
	}
	return nil
}

func (t *text) key() (string, error) {
	k, err := t.str()
	if err == nil && !t.take(':') {
		err = t.wrong("a colon")
	}
	return k, err
}

func (t *text) str() (string, error) {
	if !t.take('"') {
		return "", t.wrong("a string")
	}
	from, escaped := t.at, false
	for ; t.at < len(t.b); t.at++ {
		switch t.b[t.at] {
		case '\\':
			escaped = true
			t.at++
		case '"':
			t.at++
			if !escaped {
				return string(t.b[from : t.at-1]), nil
			}
			var s string
			if err := json.Unmarshal(t.b[from-1:t.at], &s); err != nil {
				return "", fmt.Errorf("%w: %v", ErrFormat, err)
			}
			return s, nil
		}
	}
	return "", t.wrong("the end of a string")
}

// word is a number, true or false.
func (t *text) word() string {
	t.space()
	from := t.at
	for t.at < len(t.b) {
		switch t.b[t.at] {
		case ',', ']', '}', ':', '"', '[', '{', ' ', '\n', '\t', '\r':
			return string(t.b[from:t.at])
		}
		t.at++
	}
	return string(t.b[from:t.at])
}

// raw is the next value as it stands.
func (t *text) raw() ([]byte, error) {
	t.space()
	from := t.at
	if err := t.skip(); err != nil {
		return nil, err
	}
	return t.b[from:t.at:t.at], nil
}

func (t *text) skip() error {
	switch t.peek() {
	case '{':
		return t.each('{', '}', func() error {
			if _, err := t.key(); err != nil {
				return err
			}
			return t.skip()
		})
	case '[':
		return t.each('[', ']', t.skip)
	case '"':
		_, err := t.str()
		return err
	}
	if t.word() == "" {
		return t.wrong("a value")
	}
	return nil
}
