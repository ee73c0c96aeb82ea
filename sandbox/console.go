package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

const maxLine = 8 << 10 // bytes of one log line

// console is the scripts' console: each line goes into Result.Logs. With fields it is
// log, where a last plain object after a text is no text but facts of the line.
func (r *realm) console(fields bool) *goja.Object {
	o := r.rt.NewObject()
	for name, level := range map[string]string{"debug": "debug", "trace": "debug", "log": "info", "info": "info", "warn": "warn", "error": "error"} {
		_ = o.Set(name, r.native(name, 0, func(c goja.FunctionCall) goja.Value {
			args, facts := c.Arguments, json.RawMessage(nil)
			if fields {
				args, facts = r.facts(args)
			}
			r.cur.print(level, args, facts)
			return goja.Undefined()
		}))
	}
	_ = o.Set("assert", r.native("assert", 1, func(c goja.FunctionCall) goja.Value {
		if !c.Argument(0).ToBoolean() {
			r.cur.print("error", append([]goja.Value{r.rt.ToValue("assertion failed")}, c.Arguments[min(1, len(c.Arguments)):]...), nil)
		}
		return goja.Undefined()
	}))
	return o
}

// facts takes the fields off the arguments; what has no JSON form stays text.
func (r *realm) facts(args []goja.Value) ([]goja.Value, json.RawMessage) {
	if len(args) < 2 {
		return args, nil
	}
	o, ok := args[len(args)-1].(*goja.Object)
	if _, text := args[0].(goja.String); !ok || !text || kindOf(o) != "Object" || callable(o) || r.cur.replay != nil {
		return args, nil
	}
	w := writer{r: r, max: maxLine}
	if r.try(func() { w.object(o, 0, nil) }) != nil {
		return args, nil
	}
	return args[:len(args)-1], w.buf
}

func (u *unit) print(level string, args []goja.Value, fields json.RawMessage) {
	if u.replay != nil || u.out == nil {
		return
	}
	if u.full() {
		u.log(level, "", "")
		return
	}
	was := u.quiet
	u.quiet = true
	text := u.r.format(args)
	u.quiet = was
	u.write(Log{Level: level, Text: text, Line: u.r.place(), Fields: fields})
}

// write adds a line, at most so many an activation and a second as the budgets say; the last
// says that more was said, and the next second's first how much.
func (u *unit) log(level, text, line string) { u.write(Log{Level: level, Text: text, Line: line}) }

func (u *unit) write(l Log) {
	if u.replay != nil || u.out == nil {
		return
	}
	if at := u.now.Unix(); at != u.logged.at {
		u.logged.at, u.logged.lines = at, 0
		u.tellLeftOut()
	}
	u.logged.lines++
	max, rate := u.r.limits.LogLines, u.r.limits.LogRate
	say := func(format string, args ...any) {
		u.out.Logs = append(u.out.Logs, Log{Level: "warn", Text: fmt.Sprintf(format, args...)})
		u.leaveOut()
	}
	switch {
	case u.logged.lines == rate:
		say("more than %d log lines a second, the rest is left out: %s", rate-1, RaiseBudget(u.r.manifest, "logsPerSecond", rate))
	case u.logged.lines < rate && len(u.out.Logs) < max-1:
		u.out.Logs = append(u.out.Logs, Log{Level: l.Level, Text: clip(l.Text, maxLine), Line: l.Line, Fields: l.Fields})
	case u.logged.lines < rate && len(u.out.Logs) == max-1:
		say("more than %d log lines at once: the rest is left out", max-1)
	default:
		u.leaveOut()
	}
}

func (u *unit) leaveOut() {
	u.logged.left++
	u.out.LeftOut++
}

func (u *unit) tellLeftOut() {
	if n := u.logged.left; n > 0 {
		u.logged.left = 0
		u.out.Logs = append(u.out.Logs, Log{Level: "warn", Text: fmt.Sprintf("%d log lines were left out before this one", n)})
	}
}

// full says whether more lines are left out, so that they need not be made.
func (u *unit) full() bool {
	return len(u.out.Logs) >= u.r.limits.LogLines-1 || u.logged.lines >= u.r.limits.LogRate && u.logged.at == u.now.Unix()
}

// format joins console arguments as Node does: texts as they are, all else inspected,
// %s %d %i %f %j %o %O %% in the first.
func (r *realm) format(args []goja.Value) string {
	var b strings.Builder
	if len(args) > 1 {
		if s, ok := args[0].(goja.String); ok && strings.Contains(s.String(), "%") {
			args = r.directives(&b, s.String(), args[1:])
			if len(args) > 0 {
				b.WriteByte(' ')
			}
		}
	}
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if s, ok := a.(goja.String); ok {
			b.WriteString(r.ownStack(s.String()))
		} else {
			b.WriteString(r.inspect(a))
		}
		if b.Len() > maxLine {
			break
		}
	}
	return b.String()
}

// ownStack shows an error's stack that was made a text as the error itself is shown.
func (r *realm) ownStack(text string) string {
	i := strings.Index(text, "\n\tat ")
	if i < 0 {
		return text
	}
	lines, _ := r.program.stack(text[i+1:])
	return strings.TrimSuffix(text[:i]+"\n"+lines, "\n")
}

// directives writes the format text and returns the arguments it did not use.
func (r *realm) directives(b *strings.Builder, f string, args []goja.Value) []goja.Value {
	for i := 0; i < len(f); i++ {
		if f[i] != '%' || i+1 == len(f) {
			b.WriteByte(f[i])
			continue
		}
		c := f[i+1]
		if c == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if !strings.ContainsRune("sdifjoO", rune(c)) || len(args) == 0 {
			b.WriteByte('%')
			continue
		}
		i++
		b.WriteString(r.directive(c, args[0]))
		args = args[1:]
	}
	return args
}

func (r *realm) directive(c byte, v goja.Value) string {
	_, isObj := v.(*goja.Object)
	switch {
	case c == 's' && !isObj:
		return v.String()
	case (c == 'd' || c == 'i' || c == 'f') && goja.IsNumber(v):
		if c == 'i' {
			return fmt.Sprint(v.ToInteger())
		}
		return v.String()
	case c == 'j':
		w := writer{r: r, max: maxLine}
		if r.try(func() { w.value(v, 0) }) == nil {
			return string(w.buf)
		}
	}
	return r.inspect(v)
}
