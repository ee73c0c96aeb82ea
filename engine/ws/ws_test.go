package ws

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// grants allows hosts as written, in any port.
func grants(hosts ...string) func(string, string, bool) error {
	return func(app, hostport string, private bool) error {
		host, _, _ := net.SplitHostPort(hostport)
		for _, h := range hosts {
			if h == host {
				return nil
			}
		}
		return errors.New("not granted: " + hostport)
	}
}

// serve is a peer that does as told.
func serve(t *testing.T, do func(ctx context.Context, c *websocket.Conn)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"v2"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		do(r.Context(), c)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func echo(ctx context.Context, c *websocket.Conn) {
	for {
		kind, data, err := c.Read(ctx)
		if err != nil || c.Write(ctx, kind, data) != nil {
			return
		}
	}
}

// line is one connection under test.
type line struct {
	t    *testing.T
	edge *Edge
	told chan Event
}

func open(t *testing.T, allow func(string, string, bool) error, r Request) *line {
	t.Helper()
	l := &line{t, New(Config{Allow: allow, UserAgent: "test"}), make(chan Event, 1000)}
	t.Cleanup(l.edge.Shut)
	r.App = "main"
	l.edge.Open("k", r, func(e Event) { l.told <- e })
	return l
}

// next wants an event of a kind.
func (l *line) next(kind int) Event {
	l.t.Helper()
	e := <-l.told
	if e.Kind != kind {
		l.t.Fatalf("told %+v, want kind %d", e, kind)
	}
	return e
}

func TestAConnection(t *testing.T) {
	l := open(t, grants("127.0.0.1"), Request{URL: serve(t, echo), Protocols: []string{"v1", "v2"}})
	if e := l.next(Opened); e.Protocol != "v2" {
		t.Errorf("protocol %q, want v2", e.Protocol)
	}
	for i, m := range []Message{{true, []byte("hello")}, {false, []byte{0, 255}}} {
		l.edge.Ask("k", Ask{Do: Send, N: uint32(i), Message: m})
		for range 2 { // in either order
			switch e := <-l.told; {
			case e.Kind == Done && e.N == uint32(i) && e.Error == nil:
			case e.Kind == Received && e.Message.Text == m.Text && string(e.Message.Data) == string(m.Data):
				l.edge.Ask("k", Ask{Do: Took})
			default:
				t.Fatalf("told %+v", e)
			}
		}
	}
	l.edge.Ask("k", Ask{Do: Ping, N: 9})
	if e := l.next(Done); e.N != 9 || e.Error != nil {
		t.Errorf("ping: %+v", e)
	}
	l.edge.Ask("k", Ask{Do: Close, Code: 4000, Reason: "bye"})
	if e := l.next(Closed); e.Code != 4000 || e.Reason != "bye" || !e.Clean {
		t.Errorf("%+v", e)
	}
}

func TestHowThePeerEndsIt(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(context.Context, *websocket.Conn)
		code int
		why  string
	}{
		"closes": {func(_ context.Context, c *websocket.Conn) { c.Close(4002, "enough") }, 4002, "enough"},
		"breaks": {func(_ context.Context, c *websocket.Conn) { c.CloseNow() }, Abnormal, ""},
		"says a lot": {func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.MessageText, make([]byte, MaxMessage+1))
			c.Read(ctx)
		}, 1009, ""},
		"goes away": {func(ctx context.Context, c *websocket.Conn) { c.Close(websocket.StatusGoingAway, "") }, 1001, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, grants("127.0.0.1"), Request{URL: serve(t, c.do)})
			l.next(Opened)
			if e := l.next(Closed); e.Code != c.code || e.Reason != c.why || e.Clean == (c.code == Abnormal || c.code == 1009) {
				t.Errorf("%+v %+v, want %d %s", e, e.Error, c.code, c.why)
			}
		})
	}
}

func TestWhatIsNotOpened(t *testing.T) {
	web := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer web.Close()
	at := "ws" + strings.TrimPrefix(web.URL, "http")
	for name, c := range map[string]struct {
		allow func(string, string, bool) error
		r     Request
		want  string
	}{
		"nothing is granted": {nil, Request{URL: "wss://feed.example/x"}, "Denied: feed.example:443 is not granted; add to app.yaml the line `websocket: [\"feed.example\"]`"},
		"another host":       {grants("a.example"), Request{URL: at}, "Denied: not granted: 127.0.0.1"},
		"another scheme":     {grants("127.0.0.1"), Request{URL: web.URL}, "BadOption: "},
		"a password":         {grants("127.0.0.1"), Request{URL: "ws://a:b@127.0.0.1"}, "BadOption: name and password"},
		"a fragment":         {grants("127.0.0.1"), Request{URL: at + "#x"}, "BadOption: "},
		"a header of ours":   {grants("127.0.0.1"), Request{URL: at, Headers: map[string]string{"Sec-WebSocket-Key": "x"}}, "BadOption: the header"},
		"a redirect":         {grants("127.0.0.1"), Request{URL: at}, "TypeError: "},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, c.allow, c.r).next(Closed)
			if e.Code != Abnormal || e.Error == nil || !strings.HasPrefix(e.Error.Name+": "+e.Error.Message, c.want) {
				t.Errorf("%+v %+v, want %s", e, e.Error, c.want)
			}
		})
	}
}

// A peer that floods is read only as far as its messages are taken.
func TestAFloodIsHeldBack(t *testing.T) {
	l := open(t, grants("127.0.0.1"), Request{URL: serve(t, func(ctx context.Context, c *websocket.Conn) {
		for i := range 100 {
			if c.Write(ctx, websocket.MessageBinary, []byte{byte(i)}) != nil {
				return
			}
		}
		c.Close(1000, "")
	})})
	l.next(Opened)
	for i := range 100 {
		if n := len(l.told); n > maxUntold {
			t.Fatalf("%d messages wait, at most %d", n, maxUntold)
		}
		if e := l.next(Received); e.Message.Data[0] != byte(i) {
			t.Fatalf("message %d is %d", i, e.Message.Data[0])
		}
		l.edge.Ask("k", Ask{Do: Took})
	}
	l.next(Closed)
}

// stuck is a connection whose peer takes and says nothing.
type stuck struct{ Conn }

func (stuck) Subprotocol() string { return "" }
func (stuck) CloseNow() error     { return nil }
func (stuck) Read(ctx context.Context) (websocket.MessageType, []byte, error) {
	<-ctx.Done()
	return 0, nil, ctx.Err()
}
func (stuck) Write(ctx context.Context, _ websocket.MessageType, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestQueuesAndConnectionsAreBounded(t *testing.T) {
	e := New(Config{Allow: grants("a"), Dial: func(context.Context, Request) (Conn, error) { return stuck{}, nil }})
	defer e.Shut()
	told := make(chan Event, 1000)
	tell := func(e Event) { told <- e }
	for i := range maxOfApp + 1 {
		e.Open(string(rune('a'+i)), Request{App: "greedy", URL: "ws://a"}, tell)
	}
	opened, busy := 0, 0
	for range maxOfApp + 1 {
		switch x := <-told; {
		case x.Kind == Opened:
			opened++
		case x.Kind == Closed && x.Error.Name == "Busy":
			busy++
		}
	}
	if opened != maxOfApp || busy != 1 {
		t.Fatalf("%d opened, %d busy", opened, busy)
	}
	for i := range maxQueued + 5 {
		e.Ask("a", Ask{Do: Send, N: uint32(i)})
	}
	if x := <-told; x.Kind != Done || x.Error == nil || x.Error.Name != "Busy" {
		t.Errorf("%+v, want Busy", x)
	}
}
