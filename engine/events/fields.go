package events

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
)

// ours are the names that lines have of their own: a script's bear a prefix.
var ours = map[string]bool{"time": true, "level": true, "msg": true, "source": true, "seq": true, "text": true, "attrs": true,
	"unit": true, "call": true, "app": true, "version": true, "line": true, "worker": true}

// Fields are a script's facts of a line, a JSON object, as attributes in its order: texts,
// numbers and booleans as they are, all else as JSON. A name that lines have of their own
// gets "script." before it.
func Fields(object json.RawMessage) (list []slog.Attr) {
	if len(object) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		var raw json.RawMessage
		if err != nil || d.Decode(&raw) != nil {
			return list
		}
		list = append(list, slog.Any(fieldName(name.(string)), fieldValue(raw)))
	}
	return list
}

func fieldName(name string) string {
	if ours[strings.ToLower(name)] || name == "" {
		return "script." + name
	}
	return name
}

func fieldValue(raw json.RawMessage) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(raw)
	}
	switch v := v.(type) {
	case string, bool:
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return string(raw)
}
