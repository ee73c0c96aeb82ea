package signal

import (
	"strconv"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// Write brings back a message as it goes over the wire, in fresh memory. Values are
// written as they stand; a line break in one becomes a space, so that no value can
// begin a header of its own.
func Write(m *call.Message) []byte {
	w := writer{b: make([]byte, 0, 512+len(m.Body))}
	if m.Status == 0 {
		w.text(m.Method, " ", m.URI, " SIP/2.0\r\n")
	} else {
		w.text("SIP/2.0 ", strconv.Itoa(m.Status), " ", m.Reason, "\r\n")
	}
	for _, v := range m.Vias {
		w.field("Via", v)
	}
	routes := "Route"
	if m.Status != 0 {
		routes = "Record-Route"
	}
	for _, r := range m.Routes {
		w.field(routes, r)
	}
	w.party("From", m.From)
	w.party("To", m.To)
	w.field("Call-ID", m.CallID)
	w.field("CSeq", strconv.FormatUint(uint64(m.CSeq), 10)+" "+m.Method)
	if m.Contact != "" {
		w.field("Contact", "<"+m.Contact+">")
	}
	for _, h := range m.Headers {
		w.field(h.Name, h.Value)
	}
	if m.Type != "" && len(m.Body) > 0 {
		w.field("Content-Type", m.Type)
	}
	w.field("Content-Length", strconv.Itoa(len(m.Body)))
	w.b = append(w.b, "\r\n"...)
	return append(w.b, m.Body...)
}

type writer struct{ b []byte }

// text appends parts of one line; only the last may end in a line break.
func (w *writer) text(parts ...string) {
	for i, p := range parts {
		if i < len(parts)-1 {
			p = oneLine(p)
		}
		w.b = append(w.b, p...)
	}
}

func (w *writer) field(name, value string) { w.text(name, ": ", value, "\r\n") }

func (w *writer) party(field string, p call.Party) {
	w.text(field, ": ", "")
	if p.Name != "" {
		w.text(`"`, escaped(p.Name), `" `)
	}
	w.text("<", p.URI, ">")
	if p.Tag != "" {
		w.text(";tag=", p.Tag, "")
	}
	w.text(p.Params, "\r\n")
}

// oneLine keeps a value from breaking out of its line.
func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
}

// escaped makes a name fit between quotes: what is escaped already stays, a bare
// quote or a last backslash is escaped.
func escaped(s string) string {
	if !strings.ContainsAny(s, `"\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		case s[i] == '\\' || s[i] == '"':
			b.WriteString(`\` + s[i:i+1])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
