package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/events"
)

// ErrBadQuery is a request whose parameters cannot be meant.
var ErrBadQuery = errors.New("api: bad parameter")

// OldestHeader is the number of the oldest line or event that is still kept. A client
// that comes back with a lower one has missed what lies between.
const OldestHeader = "Callwright-Oldest"

const (
	pulse      = 15 * time.Second // between signs of life of a quiet stream
	streamTime = 30 * time.Second // for a client to take what is written
	streamStep = 500              // items written at once
)

// stream is a ring as HTTP shows it: JSON lines, or server-sent events for those who
// ask for them (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type stream[T any] struct {
	ring   *events.Ring[T]
	number func(*T, uint64)
	want   func(*T) bool
	since  uint64
	last   int // begin with so many of the last; 0: with all after since
	follow bool
}

func streamLogs(s *Server, r *http.Request) (any, error) {
	if s.logs == nil {
		return nil, fmt.Errorf("%w: logs are not kept", ErrNotHere)
	}
	q := r.URL.Query()
	least := slog.LevelDebug
	if text := q.Get("level"); text != "" {
		if err := least.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("%w: level %q: debug, info, warn or error", ErrBadQuery, text)
		}
	}
	call, app := q.Get("call"), q.Get("app")
	return newStream(r, s.logs, func(l *events.Line, seq uint64) { l.Seq = seq }, func(l *events.Line) bool {
		var level slog.Level
		_ = level.UnmarshalText([]byte(l.Level)) // it was written by a Level
		return level >= least && (call == "" || l.Call == call) && (app == "" || l.App == app)
	})
}

func streamEvents(s *Server, r *http.Request) (any, error) {
	if s.events == nil {
		return nil, fmt.Errorf("%w: events are not kept", ErrNotHere)
	}
	q := r.URL.Query()
	call, app, kind := q.Get("call"), q.Get("app"), q.Get("type")
	return newStream(r, s.events, func(e *events.Event, seq uint64) { e.Seq = seq }, func(e *events.Event) bool {
		return (call == "" || e.Call == call) && (app == "" || e.App == app) &&
			(kind == "" || string(e.Type) == kind || strings.HasPrefix(string(e.Type), kind+"."))
	})
}

func newStream[T any](r *http.Request, ring *events.Ring[T], number func(*T, uint64), want func(*T) bool) (http.Handler, error) {
	st := &stream[T]{ring: ring, number: number, want: want}
	q := r.URL.Query()
	since := q.Get("since")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		since = id // of a browser that comes back
	}
	var err error
	if since != "" {
		if st.since, err = strconv.ParseUint(since, 10, 64); err != nil {
			return nil, fmt.Errorf("%w: since %q: a sequence number", ErrBadQuery, since)
		}
	}
	if last := q.Get("last"); last != "" {
		if st.last, err = strconv.Atoi(last); err != nil || st.last < 0 {
			return nil, fmt.Errorf("%w: last %q: a number", ErrBadQuery, last)
		}
	}
	if follow := q.Get("follow"); follow != "" {
		if st.follow, err = strconv.ParseBool(follow); err != nil {
			return nil, fmt.Errorf("%w: follow %q: 1 or 0", ErrBadQuery, follow)
		}
	}
	return st, nil
}

// ServeHTTP writes what is there and, when it follows, what comes, until the client
// goes or the server ends.
func (st *stream[T]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sse := strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	h := w.Header()
	h.Set("Content-Type", "application/jsonl")
	if sse {
		h.Set("Content-Type", "text/event-stream")
	}
	h.Set(OldestHeader, strconv.FormatUint(st.ring.Oldest(), 10))
	out := &taker{w: w, control: http.NewResponseController(w), sse: sse}
	// The server's limit for reading a request would end a stream as well.
	if err := out.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return
	}
	if out.write(nil) != nil || st.recent(out) != nil || !st.follow {
		return
	}
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for {
		more, err := st.rest(out)
		if err != nil {
			return
		}
		select {
		case <-more:
		case <-beat.C:
			if out.alive() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// recent writes the last few, or all there are.
func (st *stream[T]) recent(out *taker) error {
	if st.last == 0 {
		_, err := st.rest(out)
		return err
	}
	seq := st.since
	list := st.ring.Last(st.last, st.want)
	for len(list) > 0 && list[0].Seq <= seq {
		list = list[1:]
	}
	if len(list) > 0 {
		st.since = list[len(list)-1].Seq
	}
	return st.put(out, list)
}

// rest writes all that came after the last, in pieces.
func (st *stream[T]) rest(out *taker) (<-chan struct{}, error) {
	for {
		list, looked, more := st.ring.After(st.since, streamStep, st.want)
		if len(list) == 0 {
			st.since = looked
			return more, nil
		}
		if err := st.put(out, list); err != nil {
			return nil, err
		}
		st.since = looked
	}
}

func (st *stream[T]) put(out *taker, list []events.Item[T]) error {
	var text []byte
	for i := range list {
		st.number(&list[i].Value, list[i].Seq)
		b, err := json.Marshal(&list[i].Value)
		if err != nil {
			return err
		}
		if out.sse {
			text = fmt.Appendf(text, "id: %d\ndata: %s\n\n", list[i].Seq, b)
		} else {
			text = append(append(text, b...), '\n')
		}
	}
	if len(text) == 0 {
		return nil
	}
	return out.write(text)
}

// taker is the client of a stream.
type taker struct {
	w       http.ResponseWriter
	control *http.ResponseController
	sse     bool
}

// write sends at once. A stream outlives the server's own limit for an answer, so each
// piece gets one of its own.
func (t *taker) write(b []byte) error {
	// A recorder in a test has no deadlines.
	if err := t.control.SetWriteDeadline(time.Now().Add(streamTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := t.w.Write(b); err != nil {
		return err
	}
	return t.control.Flush()
}

// alive is a line that means nothing: it finds out whether the client is still there.
func (t *taker) alive() error {
	if t.sse {
		return t.write([]byte(":\n\n"))
	}
	return t.write([]byte("\n"))
}
