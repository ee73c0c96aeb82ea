package flow

import "github.com/callwright/callwright/engine/call"

// causeNamed is the cause of that name as a script's doing.
func causeNamed(name string) call.Cause {
	c := call.CauseByName(name)
	c.By = "script"
	return c
}

// nearest is the name in the list with the fewest letters to change, for errors.
func nearest(word string, names []string) string {
	best, at := "", len(word)+1
	for _, n := range names {
		if d := editDistance(word, n); d < at {
			best, at = n, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
