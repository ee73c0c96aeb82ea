package call

import (
	"fmt"
	"strconv"
	"strings"
)

// causes is the one list of names (script API §18) with the SIP status a call not
// yet answered is ended with and its Q.850 value, by RFC 3398 §7.2.4 and §8.2.6.1
// where that has one. The first row with a code names that code. It is read only.
var causes = [...]struct {
	name string
	sip  int
	q850 int
	text string
}{
	{"normal", 480, 16, "Normal call clearing"},
	{"busy", 486, 17, "User busy"},
	{"unavailable", 480, 20, "Subscriber absent"},
	{"no-answer", 480, 19, "No answer"},
	{"declined-everywhere", 603, 21, "Declined"},
	{"rejected", 603, 21, "Call rejected"},
	{"not-found", 404, 1, "Unallocated number"},
	{"gone", 410, 22, "Number changed"},
	{"unreachable", 502, 27, "Destination out of order"},
	{"forbidden", 403, 57, "Not authorised"},
	{"auth-failed", 401, 57, "Authentication failed"},
	{"congested", 503, 42, "Congestion"},
	{"not-acceptable", 488, 65, "Incompatible media"},
	{"canceled", 487, 16, "Canceled"},
	{"answered-elsewhere", 487, 26, "Answered elsewhere"},
	{"timeout", 408, 102, "Timer expired"},
	{"time-limit", 480, 31, "Time limit reached"},
	{"media-timeout", 408, 102, "No media"},
	{"blocked", 403, 21, "Blocked"},
	{"budget", 500, 41, "Script over its budget"},
	{"worker-lost", 503, 38, "Media worker lost"},
}

// statusNames are the further statuses of the peer that have a name above.
var statusNames = map[int]string{
	407: "auth-failed", 413: "not-acceptable", 415: "not-acceptable", 406: "not-acceptable", 606: "not-acceptable",
	600: "busy", 604: "not-found", 484: "not-found", 485: "not-found", 500: "unavailable",
	504: "timeout", 607: "blocked", 608: "blocked",
}

// CauseByName fills in the codes of a name; an unknown name is "normal".
func CauseByName(name string) Cause {
	for _, c := range causes {
		if c.name == name {
			return Cause{Name: c.name, SIP: c.sip, Q850: c.q850, Text: c.text}
		}
	}
	return CauseByName("normal")
}

// KnownCause says whether the name is in the list.
func KnownCause(name string) bool {
	for _, c := range causes {
		if c.name == name {
			return true
		}
	}
	return false
}

// CauseNames lists the names, for errors that offer one.
func CauseNames() []string {
	names := make([]string, len(causes))
	for i, c := range causes {
		names[i] = c.name
	}
	return names
}

// CauseByStatus names a final response of the peer.
func CauseByStatus(status int) Cause {
	name := statusNames[status]
	if name == "" && status != 480 {
		for _, c := range causes {
			if c.sip == status {
				name = c.name
				break
			}
		}
	}
	switch {
	case name != "":
	case status == 480:
		name = "unavailable"
	case status >= 500 && status < 600:
		name = "unavailable"
	default:
		name = "rejected"
	}
	c := CauseByName(name)
	c.SIP = status
	return c
}

// CauseByQ850 names a Q.850 value, as a Reason header of a BYE has it.
func CauseByQ850(q int) Cause {
	for _, c := range causes {
		if c.q850 == q {
			return Cause{Name: c.name, Q850: q, Text: c.text}
		}
	}
	return Cause{Name: "normal", Q850: q, Text: "Normal call clearing"}
}

// reasonHeader writes a cause for BYE, CANCEL and final responses (RFC 3326).
func reasonHeader(c Cause) Header {
	text := strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' {
			return ' '
		}
		return r
	}, c.Text)
	if c.Name == "answered-elsewhere" {
		return Header{"Reason", `SIP;cause=200;text="Call completed elsewhere"`}
	}
	return Header{"Reason", fmt.Sprintf(`Q.850;cause=%d;text="%s"`, c.Q850, text)}
}

// readReason brings back what the peer gives as its reason, or no.
func readReason(m *Message, no Cause) Cause {
	for _, v := range m.All("Reason") {
		proto, params, _ := strings.Cut(v, ";")
		cause := -1
		for p := range strings.SplitSeq(params, ";") {
			if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "cause") {
				if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
					cause = n
				}
			}
		}
		switch proto = strings.TrimSpace(proto); {
		case strings.EqualFold(proto, "Q.850") && cause > 0 && cause < 128:
			return CauseByQ850(cause)
		case strings.EqualFold(proto, "SIP") && cause == 200:
			return CauseByName("answered-elsewhere")
		}
	}
	return no
}

// complete gives a cause that came with an order the codes of its name.
func (c Cause) complete() Cause {
	full := CauseByName(c.Name)
	if c.SIP < 300 || c.SIP > 699 {
		c.SIP = full.SIP
	}
	if c.Q850 <= 0 || c.Q850 > 127 {
		c.Q850 = full.Q850
	}
	if c.Text == "" {
		c.Text = full.Text
	}
	c.Name = full.Name
	if c.By == "" {
		c.By = "engine"
	}
	return c
}
