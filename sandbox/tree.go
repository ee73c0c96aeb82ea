package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// The shared tree's nodes are nil, bool, float64, string, *dict and *list. A node is
// in one place only: assigning copies. All of it is guarded by State.mu.

// dict is an object; it keeps the order of its keys, which a replay must see again.
type dict struct {
	keys []string
	vals map[string]any
}

type list struct{ items []any }

func newDict() *dict { return &dict{vals: map[string]any{}} }

func (d *dict) set(key string, v any) {
	if _, has := d.vals[key]; !has {
		d.keys = append(d.keys, key)
	}
	d.vals[key] = v
}

// remove returns where the key stood, -1 if it was not there.
func (d *dict) remove(key string) int {
	if _, has := d.vals[key]; !has {
		return -1
	}
	i := slices.Index(d.keys, key)
	d.keys = slices.Delete(d.keys, i, i+1)
	delete(d.vals, key)
	return i
}

// child returns the value at one step of a path.
func child(node any, key string) (any, bool) {
	switch n := node.(type) {
	case *dict:
		v, ok := n.vals[key]
		return v, ok
	case *list:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i], true
		}
	}
	return nil, false
}

func at(root any, path []string) (any, bool) {
	for _, key := range path {
		v, ok := child(root, key)
		if !ok {
			return nil, false
		}
		root = v
	}
	return root, true
}

// weight is what a value counts against the quota, in bytes.
func weight(v any) int {
	switch n := v.(type) {
	case string:
		return len(n) + 16
	case *dict:
		sum := 48
		for k, v := range n.vals {
			sum += len(k) + 32 + weight(v)
		}
		return sum
	case *list:
		sum := 24
		for _, v := range n.items {
			sum += 16 + weight(v)
		}
		return sum
	}
	return 8
}

// appendNode writes a value as JSON, keys in their order.
func appendNode(b []byte, v any) []byte {
	switch n := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, n)
	case float64:
		return appendNumber(b, n)
	case string:
		return appendString(b, n)
	case *dict:
		b = append(b, '{')
		for i, k := range n.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendNode(b, n.vals[k])
		}
		return append(b, '}')
	case *list:
		b = append(b, '[')
		for i, e := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(b, e)
		}
		return append(b, ']')
	}
	return b
}

func appendNumber(b []byte, f float64) []byte {
	if f == float64(int64(f)) && f < 1<<53 && f > -(1<<53) {
		return strconv.AppendInt(b, int64(f), 10)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// parseNode reads one JSON value.
func parseNode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	v, err := readNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: text after the value", ErrJSON)
	}
	return v, nil
}

func readNode(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrJSON, maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJSON, err)
	}
	switch t {
	case json.Delim('{'):
		return readDict(d, depth)
	case json.Delim('['):
		l := &list{}
		for d.More() {
			v, err := readNode(d, depth+1)
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, v)
		}
		_, err = d.Token()
		return l, err
	}
	if _, is := t.(json.Delim); is {
		return nil, fmt.Errorf("%w: unexpected end", ErrJSON)
	}
	return t, nil
}

func readDict(d *json.Decoder, depth int) (any, error) {
	n := newDict()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrJSON, err)
		}
		v, err := readNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.set(k.(string), v)
	}
	_, err := d.Token()
	return n, err
}
