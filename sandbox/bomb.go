package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
)

// A parser goes one deeper into the process's stack with each bracket, operator or
// keyword that stands open, so what is nested beyond all use is refused unparsed.
const (
	maxSource   = 16 << 20 // bytes of one file
	maxBrackets = 2000     // open in each other
	maxTokens   = 20_000   // of one expression: between two brackets, commas or semicolons
	maxEntries  = 200_000  // of one list
	maxCommas   = 10_000   // between other brackets: they may be operators
	maxDataDeep = 500      // of a JSON file
)

// readable says what is wrong with a file before a parser sees it.
func readable(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.Size() > maxSource {
		return fmt.Errorf("the file has %d bytes, at most %d are allowed", st.Size(), maxSource)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	deepest, longest, most := shapeOf(text)
	limit := maxBrackets
	if filepath.Ext(path) == ".json" {
		limit, longest, most = maxDataDeep, 0, 0
	}
	switch {
	case deepest > limit:
		return fmt.Errorf("brackets are nested deeper than %d", limit)
	case longest > maxTokens:
		return fmt.Errorf("one expression has more than %d words and signs: put data into a .json file", maxTokens)
	case most > maxEntries:
		return fmt.Errorf("one list has more than %d entries, or other brackets more than %d commas: put data into a .json file", maxEntries, maxCommas)
	}
	return nil
}

// shapeOf scans a source without understanding it: texts and comments are skipped, words
// count as one. It returns how deep brackets nest, the longest run without a comma, and
// the most commas at one level.
func shapeOf(s []byte) (deepest, longest, most int) {
	counts, commas, list := make([]int, 1, 64), make([]int, 1, 64), make([]bool, 1, 64)
	top := func() *int { return &counts[len(counts)-1] }
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(' || c == '[' || c == '{':
			*top()++
			counts, commas, list = append(counts, 0), append(commas, 0), append(list, c == '[' && !follows(s, i))
			deepest = max(deepest, len(counts)-1)
		case c == ')' || c == ']' || c == '}':
			if len(counts) > 1 {
				counts, commas, list = counts[:len(counts)-1], commas[:len(commas)-1], list[:len(list)-1]
			}
		case c == ';':
			*top(), commas[len(commas)-1] = 0, 0
		case c == ',':
			*top() = 0
			commas[len(commas)-1]++
			n := commas[len(commas)-1]
			if !list[len(list)-1] {
				n *= maxEntries / maxCommas
			}
			most = max(most, n)
		case c == '"' || c == '\'':
			i = skipText(s, i)
			*top()++
		case c == '/' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '*'):
			i = skipComment(s, i)
		case c <= ' ':
		case isWord(c) || c == '_' || c == '$':
			for i+1 < len(s) && (isWord(s[i+1]) || s[i+1] == '_' || s[i+1] == '$') {
				i++
			}
			*top()++
		default:
			*top()++
		}
		longest = max(longest, *top())
	}
	return deepest, longest, most
}

// follows says whether the bracket at i belongs to what stands before it: an index.
func follows(s []byte, i int) bool {
	for i--; i >= 0 && s[i] <= ' '; i-- {
	}
	if i < 0 || !isWord(s[i]) && s[i] != ')' && s[i] != ']' && s[i] != '$' {
		return false
	}
	from := i
	for from > 0 && isWord(s[from-1]) {
		from--
	}
	switch string(s[from : i+1]) {
	case "default", "return", "of", "in", "case", "typeof", "yield", "await", "new", "else":
		return false
	}
	return true
}

// skipText returns where a quoted text ends; a line's end ends it too.
func skipText(s []byte, i int) int {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case s[i]:
			return j
		case '\n':
			return i // an apostrophe of a template or a pattern
		}
	}
	return i
}

func skipComment(s []byte, i int) int {
	for j := i + 2; j < len(s); j++ {
		if s[i+1] == '/' && s[j] == '\n' || s[i+1] == '*' && s[j] == '*' && j+1 < len(s) && s[j+1] == '/' {
			return j
		}
	}
	return len(s)
}
