package flow

import (
	"slices"

	"github.com/callwright/callwright/engine/call"
)

// causes is the one list of names for why a call ended, with the SIP status and the
// Q.850 value each stands for (RFC 3398 §8.2.6.1 where it has the pair).
var causes = []call.Cause{
	{Name: "normal", SIP: 480, Q850: 16, Text: "Normal call clearing"},
	{Name: "busy", SIP: 486, Q850: 17, Text: "Busy"},
	{Name: "no-answer", SIP: 480, Q850: 19, Text: "No answer"},
	{Name: "rejected", SIP: 403, Q850: 21, Text: "Rejected"},
	{Name: "declined-everywhere", SIP: 603, Q850: 21, Text: "Declined"},
	{Name: "not-found", SIP: 404, Q850: 1, Text: "Not found"},
	{Name: "gone", SIP: 410, Q850: 22, Text: "Gone"},
	{Name: "unreachable", SIP: 503, Q850: 27, Text: "Unreachable"},
	{Name: "forbidden", SIP: 403, Q850: 21, Text: "Forbidden"},
	{Name: "auth-failed", SIP: 403, Q850: 21, Text: "Authentication failed"},
	{Name: "congested", SIP: 503, Q850: 42, Text: "Congestion"},
	{Name: "unavailable", SIP: 480, Q850: 20, Text: "Temporarily unavailable"},
	{Name: "not-acceptable", SIP: 488, Q850: 88, Text: "Not acceptable here"},
	{Name: "canceled", SIP: 487, Q850: 16, Text: "Canceled"},
	{Name: "answered-elsewhere", SIP: 487, Q850: 26, Text: "Answered elsewhere"},
	{Name: "timeout", SIP: 408, Q850: 102, Text: "Timeout"},
	{Name: "time-limit", SIP: 480, Q850: 16, Text: "Time limit"},
	{Name: "media-timeout", SIP: 480, Q850: 31, Text: "No media"},
	{Name: "blocked", SIP: 403, Q850: 21, Text: "Blocked"},
	{Name: "budget", SIP: 500, Q850: 41, Text: "The script overran its budget"},
	{Name: "worker-lost", SIP: 503, Q850: 41, Text: "A media worker was lost"},
}

var (
	causeNormal    = causeNamed("normal")
	causeBudget    = causeNamed("budget")
	causeCongested = causeNamed("congested")
)

// causeNamed gives the cause of that name as a script's doing; a name that is not in
// the list gives a zero Cause.
func causeNamed(name string) call.Cause {
	i := slices.IndexFunc(causes, func(c call.Cause) bool { return c.Name == name })
	if i < 0 {
		return call.Cause{}
	}
	c := causes[i]
	c.By = "script"
	return c
}

func causeNames() []string {
	names := make([]string, len(causes))
	for i, c := range causes {
		names[i] = c.Name
	}
	return names
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
