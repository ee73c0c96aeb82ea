package signal

import (
	"bytes"
	"strings"
)

const (
	maxMessage = 64 << 10
	maxLine    = 8 << 10
	maxHeaders = 128
)

// frame is a message cut into its start line, its header fields and its body. No
// field has been looked into.
type frame struct {
	start  string
	fields []field
	body   []byte
}

// field is a header line, unfolded. The name is in its canonical long form if it is
// one we know.
type field struct{ name, value string }

// fault is what is wrong with a message: how to answer it, and under which name to
// count it.
type fault struct {
	status int
	reason string
	slug   string
}

func bad(slug, reason string) *fault { return &fault{400, reason, slug} }

// scan cuts a message. With a fault, the frame holds what came before it, and the
// sound lines after it: enough for an answer, if there is one. data is not kept,
// but for the body.
func scan(data []byte) (frame, *fault) {
	var f frame
	data = bytes.TrimLeft(data, "\r\n") // RFC 3261 §7.5
	if len(data) > maxMessage {
		data = data[:maxMessage]
	}
	head, body, whole := cutHead(data)
	f.body = body
	text := string(head)
	var wrong *fault
	if !whole {
		wrong = bad("truncated", "Headers Without End")
	}
	start, rest := nextLine(text)
	f.start = start
	if len(start) > maxLine {
		return f, bad("line-too-long", "Request Line Too Long")
	}
	for n := 0; rest != ""; n++ {
		if n == maxHeaders {
			return f, bad("too-many-headers", "Too Many Header Fields")
		}
		var line string
		line, rest = nextField(rest)
		if fa := f.add(line); fa != nil && wrong == nil {
			wrong = fa
		}
	}
	return f, wrong
}

// cutHead cuts at the empty line. Lines may end in LF alone: harmless, and typed by
// hand at times.
func cutHead(data []byte) (head, body []byte, whole bool) {
	for i := 0; i < len(data); {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		if i < len(data) && data[i] == '\n' {
			return data[:i], data[i+1:], true
		}
		if i+1 < len(data) && data[i] == '\r' && data[i+1] == '\n' {
			return data[:i], data[i+2:], true
		}
	}
	return data, nil, false
}

func nextLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// nextField takes a header line with its continuations (§7.3.1), joined by a space.
func nextField(text string) (line, rest string) {
	line, rest = nextLine(text)
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return line, rest
	}
	var b strings.Builder
	b.WriteString(strings.TrimRight(line, " \t"))
	for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		line, rest = nextLine(rest)
		if b.Len() <= maxLine { // beyond it the line is refused anyway
			b.WriteByte(' ')
			b.WriteString(strings.Trim(line, " \t"))
		}
	}
	return b.String(), rest
}

func (f *frame) add(line string) *fault {
	name, value, ok := strings.Cut(line, ":")
	name = strings.TrimRight(name, " \t")
	switch {
	case len(line) > maxLine:
		return bad("line-too-long", "Header Line Too Long")
	case !ok || !isToken(name):
		return bad("no-header", "Malformed Header Line")
	case strings.IndexByte(line, '\r') >= 0:
		return bad("bare-cr", "Carriage Return Within a Line")
	}
	f.fields = append(f.fields, field{canonical(name), strings.Trim(value, " \t")})
	return nil
}

// one brings back the first value of a header, and how many lines of it there are.
func (f *frame) one(name string) (value string, n int) {
	for _, h := range f.fields {
		if h.name == name {
			if n == 0 {
				value = h.value
			}
			n++
		}
	}
	return value, n
}

// length reads Content-Length; has is false if there is none.
func (f *frame) length() (n int, has bool, wrong *fault) {
	v, lines := f.one("Content-Length")
	switch {
	case lines == 0:
		return 0, false, nil
	case lines > 1:
		return 0, true, bad("doubled-content-length", "Content-Length More Than Once")
	case v == "" || len(v) > 9:
		return 0, true, bad("bad-content-length", "Malformed Content-Length")
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return 0, true, bad("bad-content-length", "Malformed Content-Length")
		}
		n = n*10 + int(v[i]-'0')
	}
	return n, true, nil
}

// fit cuts the body of a datagram to its Content-Length (§18.3).
func (f *frame) fit() *fault {
	n, has, wrong := f.length()
	switch {
	case wrong != nil:
		return wrong
	case !has:
		return nil
	case n > len(f.body):
		return bad("body-too-short", "Content-Length Beyond the Message")
	}
	f.body = f.body[:n]
	return nil
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-.!%*_+`'~", c) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}
