package sdp

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	maxSize    = 64 << 10
	maxLines   = 1024
	maxMedia   = 16
	maxFormats = 64
)

// outline is a body cut into its session part and its media sections, bounded and
// without the lines that offer and answer do not look at.
type outline struct {
	session []string // c= and a= lines
	media   []section
}

// section is one m= line and what belongs to it.
type section struct {
	name, port, proto string
	formats           []string
	lines             []string // c= and a=
}

func parseOutline(body []byte) (outline, error) {
	var o outline
	if len(body) > maxSize {
		return o, fmt.Errorf("%w: %d bytes", ErrMalformed, len(body))
	}
	for n := 0; len(body) > 0; n++ {
		if n == maxLines {
			return o, fmt.Errorf("%w: more than %d lines", ErrMalformed, maxLines)
		}
		var line []byte
		line, body, _ = bytes.Cut(body, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := o.add(string(line)); err != nil {
			return o, err
		}
	}
	if len(o.media) == 0 {
		return o, fmt.Errorf("%w: no m= line", ErrMalformed)
	}
	return o, nil
}

func (o *outline) add(line string) error {
	if len(line) < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z' || strings.ContainsAny(line, "\r\x00") {
		return fmt.Errorf("%w: %.40q", ErrMalformed, line)
	}
	switch line[0] {
	case 'v':
		if strings.TrimSpace(line[2:]) != "0" {
			return fmt.Errorf("%w: version %.40q", ErrMalformed, line[2:])
		}
	case 'm':
		return o.addMedia(line)
	case 'c', 'a':
		o.keep(line)
	}
	return nil
}

func (o *outline) addMedia(line string) error {
	f := strings.Fields(line[2:])
	switch {
	case len(f) < 4:
		return fmt.Errorf("%w: %.80q", ErrMalformed, line)
	case len(f)-3 > maxFormats:
		return fmt.Errorf("%w: %d formats", ErrMalformed, len(f)-3)
	case len(o.media) == maxMedia:
		return fmt.Errorf("%w: more than %d m= lines", ErrMalformed, maxMedia)
	}
	o.media = append(o.media, section{name: f[0], port: f[1], proto: f[2], formats: f[3:]})
	return nil
}

// keep files a c= or a= line. A second c= in the same part is left out: it is for
// multicast only, and the parser would refuse all for it.
func (o *outline) keep(line string) {
	at := &o.session
	if n := len(o.media); n > 0 {
		at = &o.media[n-1].lines
	}
	if line[0] == 'c' {
		for _, l := range *at {
			if l[0] == 'c' {
				return
			}
		}
	}
	*at = append(*at, line)
}

// text writes the session part and one section as the parser wants them: whole, and
// in the order of RFC 8866 §5.
func (o *outline) text(s section) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n")
	write(&b, 'c', o.session)
	b.WriteString("t=0 0\r\n")
	write(&b, 'a', o.session)
	b.WriteString("m=" + s.name + " " + s.port + " " + s.proto + " " + strings.Join(s.formats, " ") + "\r\n")
	write(&b, 'c', s.lines)
	write(&b, 'a', s.lines)
	return b.String()
}

func write(b *strings.Builder, kind byte, lines []string) {
	for _, l := range lines {
		if l[0] == kind {
			b.WriteString(l + "\r\n")
		}
	}
}
