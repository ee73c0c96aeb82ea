package signal

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// inlet is where a message came in: its flow, its source, and the way back.
type inlet struct {
	flow  call.Flow
	from  netip.AddrPort
	reply func([]byte)
}

// take walks one message from the wire to the Sink. Nothing it finds can stop the
// reader: a panic costs this message.
func (e *Edge) take(in inlet, f frame, wrong *fault) {
	defer func() {
		if p := recover(); p != nil {
			e.count.add("dropped/panic")
			e.config.Log.Error("a SIP message made the edge panic", "from", in.from, "panic", fmt.Sprint(p))
		}
	}()
	e.count.add("received")
	if !e.admits(in, &f) {
		wrong = &fault{403, call.Phrase(403), "source"}
	}
	var m *call.Message
	var v via
	if wrong == nil {
		m, v, wrong = f.message()
	}
	if wrong == nil && e.config.StandBy > 0 {
		wrong = &fault{503, call.Phrase(503), "standby"}
	}
	if wrong != nil {
		e.refuse(in, f, wrong)
		return
	}
	if m.Status == 0 {
		m.Vias[0] = v.seen(in.from)
	}
	e.config.Sink(call.Received{Flow: in.flow, Msg: m})
}

// refuse answers a message without state, if there is enough of it, and counts it.
func (e *Edge) refuse(in inlet, f frame, wrong *fault) {
	answer := f.answer(wrong, in.from, e.config.UserAgent, e.config.StandBy)
	if answer == nil {
		e.count.add("dropped/" + wrong.slug)
		return
	}
	e.count.add("refused/" + wrong.slug)
	e.config.Log.Debug("refused a SIP message", "from", in.from, "status", wrong.status, "reason", wrong.reason)
	in.reply(answer)
}

// answer puts a response together by hand from what a broken request has: its Vias
// and the first each of From, To, Call-ID and CSeq, as they came. It needs a request
// line and a Via; an ACK and a response get none.
func (f *frame) answer(wrong *fault, from netip.AddrPort, agent string, retry time.Duration) []byte {
	method, rest, ok := strings.Cut(f.start, " ")
	if !ok || rest == "" || !isToken(method) || method == "ACK" || isVersion(f.start) {
		return nil
	}
	if _, n := f.one("Via"); n == 0 {
		return nil
	}
	var w writer
	w.text("SIP/2.0 ", strconv.Itoa(wrong.status), " ", wrong.reason, "\r\n")
	top := true
	for _, h := range f.fields {
		if h.name != "Via" {
			continue
		}
		value := h.value
		if top {
			value = seenIn(value, from)
			top = false
		}
		w.field("Via", value)
	}
	f.echo(&w)
	if agent != "" {
		w.field("Server", agent)
	}
	if wrong.status == 503 && retry > 0 {
		w.field("Retry-After", strconv.Itoa(int((retry+time.Second-1)/time.Second)))
	}
	w.field("Content-Length", "0")
	return append(w.b, "\r\n"...)
}

// echo writes the fields that tell the sender which request is meant.
func (f *frame) echo(w *writer) {
	id, _ := f.one("Call-ID")
	for _, name := range [...]string{"From", "To", "Call-ID", "CSeq"} {
		v, n := f.one(name)
		if n == 0 {
			continue
		}
		if name == "To" && !strings.Contains(strings.ToLower(v), "tag") {
			h := fnv.New64a()
			h.Write([]byte(id))
			v += ";tag=edge" + strconv.FormatUint(h.Sum64(), 16) // §8.2.7: the same each time
		}
		w.field(name, v)
	}
}

// seenIn marks the first of a line's Vias, if it can be read at all.
func seenIn(line string, from netip.AddrPort) string {
	parts := split(line, ',')
	if v, ok := parseVia(parts[0]); ok {
		parts[0] = v.seen(from)
	}
	return strings.Join(parts, ",")
}
