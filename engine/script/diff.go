package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Diff is what an author changed between two versions of an app.
type Diff struct {
	From, To string
	Text     string // unified, by file; "" when only what no file says differs
}

// Diff compares the author's files of two kept versions. Without to, it is the one
// that serves; without from, the one that served before to. ErrNoApp, ErrNoVersion.
func (c *Catalogue) Diff(app, from, to string) (Diff, error) {
	serving, trial := c.standing(app)
	var err error
	switch {
	case to != "":
		to, err = c.store.resolve(app, to)
	case trial != "":
		to = trial
	case serving != "":
		to = serving
	default:
		err = fmt.Errorf("%w: %s", ErrNoApp, app)
	}
	if err != nil {
		return Diff{}, err
	}
	if from != "" {
		from, err = c.store.resolve(app, from)
	} else {
		from, err = c.store.before(app, to, true)
	}
	if err != nil {
		return Diff{}, err
	}
	a, err := c.store.get(app, from)
	if err != nil {
		return Diff{}, err
	}
	b, err := c.store.get(app, to)
	if err != nil {
		return Diff{}, err
	}
	return Diff{from, to, diffFiles(a.sources(), b.sources())}, nil
}

func diffFiles(a, b map[string]string) string {
	names := maps.Clone(a)
	maps.Copy(names, b)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, had := a[name]
		after, has := b[name]
		if had && has && before == after {
			continue
		}
		from, to := "a/"+name, "b/"+name
		if !had {
			from = "/dev/null"
		}
		if !has {
			to = "/dev/null"
		}
		fmt.Fprintf(&out, "--- %s\n+++ %s\n", from, to)
		hunks(&out, lines(before), lines(after))
	}
	return out.String()
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// edit is a stretch of lines: a[from:to] became b[at:until].
type edit struct{ from, to, at, until int }

const around = 3 // lines of context

// hunks writes the edits between two texts as unified hunks.
func hunks(out *strings.Builder, a, b []string) {
	edits := compare(a, b)
	for len(edits) > 0 {
		n := 1 // edits that share their context make one hunk
		for n < len(edits) && edits[n].from-edits[n-1].to <= 2*around {
			n++
		}
		hunk(out, a, b, edits[:n])
		edits = edits[n:]
	}
}

func hunk(out *strings.Builder, a, b []string, edits []edit) {
	first, last := edits[0], edits[len(edits)-1]
	lead := min(around, first.from)
	tail := min(around, len(a)-last.to)
	from, to := first.from-lead, last.to+tail
	at, until := first.at-lead, last.until+tail
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(from, to), span(at, until))
	for _, e := range edits {
		marked(out, " ", a[from:e.from])
		marked(out, "-", a[e.from:e.to])
		marked(out, "+", b[e.at:e.until])
		from = e.to
	}
	marked(out, " ", a[from:to])
}

// span is a range of lines as unified hunks count: from 1, and 0 before an empty one.
func span(from, to int) string {
	if from == to {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func marked(out *strings.Builder, mark string, lines []string) {
	for _, l := range lines {
		out.WriteString(mark + l + "\n")
	}
}

// maxDiff bounds the table of compare, 4 bytes a cell; beyond, the middle is one edit.
const maxDiff = 4 << 20

// compare finds a longest common subsequence, after what is the same at both ends.
func compare(a, b []string) []edit {
	lead := 0
	for lead < len(a) && lead < len(b) && a[lead] == b[lead] {
		lead++
	}
	tail := 0
	for tail < len(a)-lead && tail < len(b)-lead && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	x, y := a[lead:len(a)-tail], b[lead:len(b)-tail]
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	if (len(x)+1)*(len(y)+1) > maxDiff {
		return []edit{{lead, lead + len(x), lead, lead + len(y)}}
	}
	return walk(x, y, common(x, y), lead)
}

// common is the table of lengths: [i][j] for what a[i:] and b[j:] have in common.
func common(a, b []string) [][]int32 {
	t := make([][]int32, len(a)+1)
	t[len(a)] = make([]int32, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		t[i] = make([]int32, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				t[i][j] = t[i+1][j+1] + 1
			} else {
				t[i][j] = max(t[i+1][j], t[i][j+1])
			}
		}
	}
	return t
}

func walk(a, b []string, t [][]int32, shift int) []edit {
	var edits []edit
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			i, j = i+1, j+1
			continue
		}
		e := edit{from: i, at: j}
		for i < len(a) && (j == len(b) || a[i] != b[j] && t[i+1][j] >= t[i][j+1]) ||
			j < len(b) && (i == len(a) || a[i] != b[j]) {
			if i < len(a) && (j == len(b) || t[i+1][j] >= t[i][j+1]) {
				i++
			} else {
				j++
			}
		}
		e.to, e.until = i, j
		edits = append(edits, edit{e.from + shift, e.to + shift, e.at + shift, e.until + shift})
	}
	return edits
}
