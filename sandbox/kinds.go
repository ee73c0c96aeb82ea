package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// kinds is a parsed Type: alternatives, tried in order. A base type is a kind, and a
// literal one value ('a', 3, true, null).
type kinds struct {
	text string // as the table has it, for messages
	alts []kind
}

type kind struct {
	base    Type
	literal []byte // JSON; nil: base
}

// baseTypes are all types but literals.
var baseTypes = map[Type]bool{String: true, Number: true, Integer: true, Boolean: true, Duration: true,
	Source: true, Object: true, Any: true, Function: true, Pattern: true, Strings: true, Handle: true, Selector: true, Payload: true}

func parseKinds(t Type) (kinds, error) {
	k := kinds{text: string(t)}
	for _, part := range strings.Split(string(t), "|") {
		part = strings.TrimSpace(part)
		switch {
		case baseTypes[Type(part)]:
			k.alts = append(k.alts, kind{base: Type(part)})
		case len(part) >= 2 && part[0] == '\'' && part[len(part)-1] == '\'':
			b, _ := json.Marshal(part[1 : len(part)-1])
			k.alts = append(k.alts, kind{literal: b})
		case json.Valid([]byte(part)) && part != "":
			k.alts = append(k.alts, kind{literal: []byte(part)})
		default:
			return k, fmt.Errorf("sandbox: unknown type %q", part)
		}
	}
	return k, nil
}

// takesObject says whether an object given as a positional parameter can be meant for it.
func (k kinds) takesObject() bool {
	for _, a := range k.alts {
		switch a.base {
		case Object, Any, Selector, Source, Handle:
			return true
		}
	}
	return false
}

// defaultJSON writes a default as a given value would travel.
func (k kinds) defaultJSON(v any) ([]byte, error) {
	switch d := v.(type) {
	case nil:
		return nil, nil
	case time.Duration:
		return formatMs(float64(d) / float64(time.Millisecond)), nil
	case string:
		if len(k.alts) > 0 && k.alts[0].base == Duration {
			ms, ok := parseDuration(d)
			if !ok {
				return nil, fmt.Errorf("%q is no duration", d)
			}
			return formatMs(ms), nil
		}
	}
	return json.Marshal(v)
}

func formatMs(ms float64) []byte { return strconv.AppendFloat(nil, ms, 'f', -1, 64) }

// ParseDuration reads "5s" as an option of the type Duration does.
func ParseDuration(s string) (time.Duration, bool) {
	ms, ok := parseDuration(s)
	return time.Duration(ms * float64(time.Millisecond)), ok
}

// parseDuration reads '200ms', '5s', '1.5m', '2h' as milliseconds.
func parseDuration(s string) (float64, bool) {
	i := len(s)
	for i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z' {
		i--
	}
	var unit float64
	switch s[i:] {
	case "ms":
		unit = 1
	case "s":
		unit = 1000
	case "m":
		unit = 60_000
	case "h":
		unit = 3_600_000
	default:
		return 0, false
	}
	if i == 0 || s[0] == '+' || s[0] == '-' || strings.ContainsAny(s[:i], "eExX_in ") {
		return 0, false
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	if err != nil || math.IsInf(n*unit, 0) {
		return 0, false
	}
	return n * unit, true
}

// put writes v as one of the kinds, or says no. It may throw for a value of the right
// kind that cannot travel.
func (w *writer) put(k kinds, v goja.Value) bool {
	for _, a := range k.alts {
		n := len(w.buf)
		if w.putKind(a, v) {
			return true
		}
		w.buf = w.buf[:n]
	}
	return false
}

func (w *writer) putKind(a kind, v goja.Value) bool {
	if a.literal != nil {
		n := len(w.buf)
		_, isObj := v.(*goja.Object)
		return !isObj && w.value(v, 0) && string(w.buf[n:]) == string(a.literal)
	}
	switch a.base {
	case String:
		_, ok := v.(goja.String)
		return ok && w.value(v, 0)
	case Number, Integer:
		if !goja.IsNumber(v) {
			return false
		}
		f := v.ToFloat()
		if math.IsNaN(f) || math.IsInf(f, 0) || a.base == Integer && (f != math.Trunc(f) || math.Abs(f) > 1<<53) {
			return false
		}
		return w.value(v, 0)
	case Boolean:
		return isBool(v) && w.value(v, 0)
	case Duration:
		return w.duration(v)
	}
	return w.putObject(a.base, v)
}

func (w *writer) duration(v goja.Value) bool {
	if goja.IsNumber(v) {
		f := v.ToFloat()
		if f < 0 || math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
		w.buf = strconv.AppendFloat(w.buf, f, 'f', -1, 64)
		return true
	}
	s, ok := v.(goja.String)
	if !ok {
		return false
	}
	ms, ok := parseDuration(s.String())
	if ok {
		w.buf = strconv.AppendFloat(w.buf, ms, 'f', -1, 64)
	}
	return ok
}

func (w *writer) putObject(t Type, v goja.Value) bool {
	o, isObj := v.(*goja.Object)
	switch t {
	case Any:
		return w.value(v, 0)
	case Payload:
		return w.payload(v)
	case Object:
		return isObj && plain(o) && w.value(v, 0)
	case Function:
		return isObj && callable(o) && w.value(v, 0)
	case Pattern:
		return isObj && (callable(o) || o.ClassName() == "RegExp") && w.value(v, 0)
	case Handle:
		return isObj && o.ExportType() == handleType && w.value(v, 0)
	case Selector:
		_, isText := v.(goja.String)
		return (isText || isObj && !callable(o)) && w.value(v, 0)
	case Strings:
		return isObj && o.ClassName() == "Array" && w.list(o, func(e goja.Value) bool {
			_, ok := e.(goja.String)
			return ok && w.value(e, 0)
		})
	case Source:
		w.buf = append(w.buf, '[')
		ok := w.source(v, 0)
		w.buf = append(w.buf, ']')
		return ok
	}
	return false
}

// source writes a string, a {"$value"} object or (nested) lists of those as elements
// of one list.
func (w *writer) source(v goja.Value, depth int) bool {
	if depth > 16 {
		return false
	}
	if s, ok := v.(goja.String); ok {
		w.comma()
		return w.value(s, 0)
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	if o.ClassName() == "Array" {
		for i, n := int64(0), w.length(o); i < n; i++ {
			if !w.source(o.Get(strconv.FormatInt(i, 10)), depth+1) {
				return false
			}
		}
		return true
	}
	if _, ok := o.Get("$value").(goja.String); !ok {
		return false
	}
	w.comma()
	return w.value(o, 0)
}
