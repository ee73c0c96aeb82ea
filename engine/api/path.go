package api

import (
	"fmt"
	"strings"
)

// ParsePath reads a place in state as scripts write it: pins.1234.room, list[0],
// pins['a.b'] or pins["a.b"]; "" and "state" are the whole, and a leading "state."
// is passed over. Within quotes a backslash keeps the next character.
func ParsePath(text string) ([]string, error) {
	p := pathReader{text: text}
	if rest, ok := strings.CutPrefix(text, "state"); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		p.at = len("state")
	} else if text != "" && text[0] != '[' {
		if err := p.name(); err != nil {
			return nil, err
		}
	}
	for p.at < len(text) {
		var err error
		switch text[p.at] {
		case '.':
			p.at++
			err = p.name()
		case '[':
			p.at++
			err = p.bracket()
		default:
			err = p.bad("a dot or a bracket is missing")
		}
		if err != nil {
			return nil, err
		}
	}
	return p.path, nil
}

type pathReader struct {
	text string
	at   int
	path []string
}

func (p *pathReader) bad(why string) error {
	return fmt.Errorf("%w: %s at character %d of %q; write pins.1234 or pins['a.b']", ErrBadPath, why, p.at+1, p.text)
}

// name reads up to the next dot or bracket.
func (p *pathReader) name() error {
	rest := p.text[p.at:]
	n := strings.IndexAny(rest, ".[]'\"")
	if n < 0 {
		n = len(rest)
	}
	if n == 0 {
		return p.bad("a name is missing")
	}
	p.path = append(p.path, rest[:n])
	p.at += n
	return nil
}

// bracket reads [0], ['a'] or ["a"] behind its opening.
func (p *pathReader) bracket() error {
	var key strings.Builder
	rest := p.text[p.at:]
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		end := strings.IndexByte(rest, ']')
		if end < 1 || strings.Trim(rest[:end], "0123456789") != "" {
			return p.bad("a number or a quoted name is missing")
		}
		p.path, p.at = append(p.path, rest[:end]), p.at+end+1
		return nil
	}
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			if i+1 == len(rest) || rest[i+1] != ']' {
				p.at += i + 1
				return p.bad("the closing bracket is missing")
			}
			p.path, p.at = append(p.path, key.String()), p.at+i+2
			return nil
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		}
		key.WriteByte(rest[i])
	}
	return p.bad("the closing quote is missing")
}

// PathText writes a path as ParsePath reads it.
func PathText(path []string) string {
	var b strings.Builder
	for i, key := range path {
		switch {
		case key == "" || strings.ContainsAny(key, ".[]'\"\\") || i == 0 && key == "state":
			b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(key) + "']")
		case i == 0:
			b.WriteString(key)
		default:
			b.WriteString("." + key)
		}
	}
	return b.String()
}
