package fetch

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// grants allows hosts as written, in any port when they have none.
func grants(hosts ...string) func(string, string, bool) error {
	return func(app, hostport string, private bool) error {
		host, _, _ := net.SplitHostPort(hostport)
		for _, h := range hosts {
			if h == host || h == hostport || h == "*" && !private {
				return nil
			}
		}
		return errors.New("not granted: " + hostport)
	}
}

func do(t *testing.T, allow func(string, string, bool) error, r Request) Result {
	t.Helper()
	e := New(Config{Allow: allow, UserAgent: "test"})
	defer e.Close()
	if r.App == "" {
		r.App = "main"
	}
	if r.Method == "" {
		r.Method = "GET"
	}
	answers := make(chan Result, 2)
	e.Do(r, func(res Result) { answers <- res })
	return <-answers
}

func serve(t *testing.T, f http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.URL
}

func TestARequestAndItsAnswer(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(201)
		fmt.Fprintf(w, "%s %s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Mine"), r.Header.Get("Idempotency-Key"), r.UserAgent(), body)
	})
	res := do(t, grants("127.0.0.1"), Request{Method: "post", URL: at + "/a", Key: "call/3", Headers: map[string]string{"x-mine": "m"}, Body: []byte("hello")})
	if res.Error != nil || res.Status != 201 || string(res.Body) != "POST /a m call/3 test hello" || res.Headers["x-two"] != "a, b" || res.StatusText != "Created" {
		t.Fatalf("%+v %s", res, res.Body)
	}
}

func TestWhatIsRefused(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "http://elsewhere.example/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/big":
			w.Write(make([]byte, MaxBody+1))
		}
	})
	port := at[strings.LastIndexByte(at, ':'):]
	for _, c := range []struct {
		name  string
		allow func(string, string, bool) error
		r     Request
		want  string
	}{
		{"nothing is granted by default", nil, Request{URL: at}, "Denied: 127.0.0.1" + port + " is not granted; add to app.yaml the line `fetch: [\"127.0.0.1" + port + "\"]`"},
		{"another host", grants("example.com"), Request{URL: at}, "Denied: not granted: 127.0.0.1" + port},
		{"a pattern grants no loopback", grants("*"), Request{URL: at}, "Denied"},
		{"nor localhost", grants("*"), Request{URL: "http://localhost" + port}, "Denied: not granted: localhost"},
		{"a redirect elsewhere", grants("127.0.0.1"), Request{URL: at + "/away"}, "Denied: not granted: elsewhere.example:80"},
		{"a round of redirects", grants("127.0.0.1"), Request{URL: at + "/round"}, "TypeError: more than 5 redirects"},
		{"a large answer", grants("127.0.0.1"), Request{URL: at + "/big"}, "RangeError: 127.0.0.1"},
		{"a large body", grants("127.0.0.1"), Request{URL: at, Body: make([]byte, MaxBody+1)}, "RangeError: a body of 65537"},
		{"another scheme", grants("*"), Request{URL: "file:///etc/passwd"}, "BadOption"},
		{"a password in the URL", grants("*"), Request{URL: "http://a:b@example.com"}, "BadOption"},
		{"a framing header", grants("127.0.0.1"), Request{URL: at, Headers: map[string]string{"host": "x"}}, "BadOption: the header host"},
		{"a header of two lines", grants("127.0.0.1"), Request{URL: at, Headers: map[string]string{"X": "a\r\nb: c"}}, "TypeError"},
		{"a bad method", grants("127.0.0.1"), Request{URL: at, Method: "A B"}, "BadOption"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := do(t, c.allow, c.r)
			if res.Error == nil || !strings.HasPrefix(res.Error.Name+": "+res.Error.Message, c.want) {
				t.Errorf("%+v, want %s", res.Error, c.want)
			}
		})
	}
}

func TestLocalhostIsGrantedByName(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	u, _ := url.Parse(at)
	if res := do(t, grants("localhost"), Request{URL: "http://localhost:" + u.Port()}); res.Error != nil || res.Status != 200 {
		t.Fatalf("%+v", res.Error)
	}
}

// TestANameOfAPrivateAddress: a granted name does not lead to an address that is not.
func TestANameOfAPrivateAddress(t *testing.T) {
	e := New(Config{Allow: grants("intranet.example", "10.0.0.9")})
	defer e.Close()
	for address, want := range map[string]bool{
		"10.0.0.1:80": false, "10.0.0.9:80": true, "[::ffff:10.0.0.9]:80": true, "127.0.0.1:80": false, "[::1]:80": false, "169.254.169.254:80": false,
		"100.64.0.1:80": false, "[fd00::1]:80": false, "[64:ff9b::a00:1]:80": false, "0.0.0.0:80": false, "192.0.2.1:80": true, "[2001:db8::1]:80": true,
	} {
		if got := e.guard.mayDial("main", address, false) == nil; got != want {
			t.Errorf("%s may be dialled: %v, want %v", address, got, want)
		}
	}
	if !public(netip.MustParseAddr("8.8.8.8")) {
		t.Error("8.8.8.8 is public")
	}
}

func TestRetriesAndTime(t *testing.T) {
	var n atomic.Int32
	keys := make(chan string, 10)
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		if n.Add(1) < 3 {
			w.WriteHeader(503)
		}
	})
	if res := do(t, grants("127.0.0.1"), Request{URL: at, Key: "k/1", Retries: 1}); res.Status != 503 {
		t.Fatalf("after one retry: %+v", res)
	}
	if res := do(t, grants("127.0.0.1"), Request{URL: at, Key: "k/1", Retries: 1}); res.Status != 200 || <-keys != "k/1" || <-keys != "k/1" {
		t.Fatalf("the third time: %+v", res)
	}
	hold := make(chan struct{})
	defer close(hold)
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	if res := do(t, grants("127.0.0.1"), Request{URL: slow, Timeout: 20 * time.Millisecond}); res.Error == nil || res.Error.Name != "Timeout" {
		t.Fatalf("slow: %+v", res)
	}
}

func TestOneAppCannotTakeAll(t *testing.T) {
	hold := make(chan struct{})
	at := serve(t, func(w http.ResponseWriter, r *http.Request) { <-hold })
	e := New(Config{Allow: grants("127.0.0.1")})
	defer e.Close()
	answers := make(chan Result, 2*maxOfApp)
	ask := func(app string) { e.Do(Request{App: app, Method: "GET", URL: at}, func(r Result) { answers <- r }) }
	for range maxOfApp + 1 {
		ask("greedy")
	}
	if r := <-answers; r.Error == nil || r.Error.Name != "Busy" {
		t.Fatalf("the one too many: %+v", r)
	}
	ask("modest")
	close(hold)
	for range maxOfApp + 1 {
		if r := <-answers; r.Error != nil || r.Status != 200 {
			t.Fatalf("%+v", r.Error)
		}
	}
}
