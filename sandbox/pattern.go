package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/dop251/goja"
)

const (
	maxPattern  = 64 << 10 // characters of a regular expression
	maxPatterns = 64 << 10 // of one with \p{…} written out
)

// pattern makes a regular expression's source ready for the engine.
func (r *realm) pattern(c goja.FunctionCall) goja.Value {
	source, flags := c.Argument(0), c.Argument(1).String()
	if s, ok := source.(goja.String); ok && s.Length() > maxPattern {
		r.throw("RangeError", "a regular expression of %d characters is too long: at most %d", s.Length(), maxPattern)
	}
	text := source.String()
	if open := nestingOf(text, "(", ")"); open > 500 {
		r.throw("SyntaxError", "the groups of a regular expression are nested deeper than 500")
	}
	if strings.Contains(flags, "v") {
		r.throw("SyntaxError", "regular expressions with the flag v are not supported: use u")
	}
	if !strings.Contains(flags, "u") || !strings.Contains(text, `\p`) && !strings.Contains(text, `\P`) {
		return source
	}
	out, err := writeOut(text)
	if err != nil {
		r.throw("SyntaxError", "/%s/%s: %s", clip(text, 60), flags, err)
	}
	return r.rt.ToValue(out)
}

// nestingOf is how deep pairs of marks stand in each other, what is in quotes included.
func nestingOf(s, open, end string) int {
	depth, most := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.IndexByte(open, s[i]) >= 0:
			depth++
			most = max(most, depth)
		case strings.IndexByte(end, s[i]) >= 0:
			depth = max(0, depth-1)
		}
	}
	return most
}

// writeOut replaces \p{…} and \P{…} by the ranges of code points they stand for.
func writeOut(s string) (string, error) {
	var b strings.Builder
	class := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '\\' && i+1 < len(s) && s[i+1]|0x20 == 'p':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 || i+2 >= len(s) || s[i+2] != '{' {
				return "", fmt.Errorf("\\p needs a name in braces")
			}
			ranges, err := unicodeClass(s[i+3:i+end], s[i+1] == 'P')
			if err != nil {
				return "", err
			}
			if !class {
				ranges = "[" + ranges + "]"
			}
			b.WriteString(ranges)
			i += end
			if b.Len() > 16*maxPatterns {
				return "", fmt.Errorf("the classes of Unicode make it too long")
			}
			continue
		case c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// categoryNames are the long names of general categories.
var categoryNames = map[string]string{"Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
	"Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc", "Enclosing_Mark": "Me",
	"Number": "N", "Decimal_Number": "Nd", "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P",
	"Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
	"Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk",
	"Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Control": "Cc", "Format": "Cf"}

// unicodeClass writes a property as ranges for inside a character class.
func unicodeClass(name string, not bool) (string, error) {
	tables, err := tablesOf(name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	next := rune(0) // the first code point not looked at
	write := func(lo, hi rune) {
		if lo > hi {
			return
		}
		if fmt.Fprintf(&b, `\u{%x}`, lo); hi > lo {
			fmt.Fprintf(&b, `-\u{%x}`, hi)
		}
	}
	for _, g := range rangesOf(tables) {
		if not {
			write(next, g[0]-1)
		} else {
			write(max(g[0], next), g[1])
		}
		next = max(next, g[1]+1)
	}
	if not {
		write(next, unicode.MaxRune)
	}
	return b.String(), nil
}

// rangesOf lists the code points of tables as ranges in order; they may overlap.
func rangesOf(tables []*unicode.RangeTable) [][2]rune {
	if tables == nil {
		return [][2]rune{{0, unicode.MaxRune}}
	}
	var out [][2]rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, [2]rune{lo, hi})
			return
		}
		for c := lo; c <= hi; c += stride {
			out = append(out, [2]rune{c, c})
		}
	}
	for _, t := range tables {
		for _, g := range t.R16 {
			add(rune(g.Lo), rune(g.Hi), rune(g.Stride))
		}
		for _, g := range t.R32 {
			add(rune(g.Lo), rune(g.Hi), rune(g.Stride))
		}
	}
	slices.SortFunc(out, func(a, b [2]rune) int { return int(a[0] - b[0]) })
	return out
}

// tablesOf finds a property's tables; nil stands for all code points.
func tablesOf(name string) ([]*unicode.RangeTable, error) {
	key, value, is := strings.Cut(name, "=")
	switch {
	case is && (key == "Script" || key == "sc" || key == "Script_Extensions" || key == "scx"):
		if t := unicode.Scripts[value]; t != nil {
			return []*unicode.RangeTable{t}, nil
		}
	case is && key != "General_Category" && key != "gc":
	default:
		if is {
			name = value
		}
		if short := categoryNames[name]; short != "" {
			name = short
		}
		if t := unicode.Categories[name]; t != nil {
			return []*unicode.RangeTable{t}, nil
		}
		switch name {
		case "Any":
			return nil, nil
		case "LC":
			return []*unicode.RangeTable{unicode.Lu, unicode.Ll, unicode.Lt}, nil
		case "ASCII":
			return []*unicode.RangeTable{{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}, LatinOffset: 1}}, nil
		case "Alphabetic", "Alpha":
			return []*unicode.RangeTable{unicode.L, unicode.Nl, unicode.Other_Alphabetic}, nil
		case "Uppercase", "Upper":
			return []*unicode.RangeTable{unicode.Lu, unicode.Other_Uppercase}, nil
		case "Lowercase", "Lower":
			return []*unicode.RangeTable{unicode.Ll, unicode.Other_Lowercase}, nil
		case "White_Space", "space":
			return []*unicode.RangeTable{unicode.White_Space}, nil
		}
	}
	return nil, fmt.Errorf("the property \\p{%s} is not supported: categories (L, Lu, Nd …), Script=…, Alphabetic, Uppercase, Lowercase, White_Space, ASCII and Any are", clip(name, 40))
}
