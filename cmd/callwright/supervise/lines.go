package supervise

import (
	"bytes"
	"strings"
)

// maxLine is where a line without an end is cut.
const maxLine = 64 << 10

// reasonPrefix begins the one line in which our programs say why they end.
const reasonPrefix = "callwright: "

// lines cuts a child's output into lines for the supervisor's log. The line that
// tells why it ends is kept back: the supervisor says it in its own words. It is
// written to by one goroutine.
type lines struct {
	name   string
	to     func(name, line string)
	part   []byte
	reason string
}

// Write never fails.
func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			l.part = append(l.part, b...)
			if len(l.part) > maxLine {
				l.flush()
			}
			return n, nil
		}
		l.part = append(l.part, b[:i]...)
		l.flush()
		b = b[i+1:]
	}
	return n, nil
}

func (l *lines) flush() {
	if len(l.part) == 0 {
		return
	}
	line := string(l.part)
	l.part = l.part[:0]
	if why, ok := strings.CutPrefix(line, reasonPrefix); ok {
		l.reason = why
		return
	}
	l.to(l.name, line)
}
