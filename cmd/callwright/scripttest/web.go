package scripttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Web is what the scripts of one test reach by fetch: the answers that the test has
// given it, and nothing else. Grants, time-outs and retries are the engine's own. Its
// methods may be called from any goroutine.
type Web struct {
	mu    sync.Mutex
	mocks []*mock
	seen  []webRequest
}

// NewWeb makes one that answers nothing.
func NewWeb() *Web { return &Web{} }

// mock is an answer to the requests that fit.
type mock struct {
	url     string // the whole, its beginning, or the path's beginning
	pattern *regexp.Regexp
	method  string // "": any
	left    int    // how often; -1: always
	status  int
	headers map[string]string
	body    []byte
	delay   time.Duration
}

// webRequest is one that scripts have sent, as the test sees it.
type webRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// mocked are the arguments of t.fetch.mock.
type mocked struct {
	What struct {
		URL    string
		Source *string
		Flags  string
	}
	Answer  json.RawMessage
	Method  string
	Status  int
	Headers map[string]string
	Delay   float64
	Times   int
}

// mock adds an answer; those added later are asked first.
func (w *Web) mock(raw json.RawMessage) error {
	var a mocked
	if err := json.Unmarshal(raw, &a); err != nil {
		return fmt.Errorf("t.fetch.mock: %w", err)
	}
	m := &mock{url: a.What.URL, method: strings.ToUpper(a.Method), left: -1, status: a.Status, delay: ms(a.Delay), headers: map[string]string{}}
	if a.Times > 0 {
		m.left = a.Times
	}
	if a.What.Source != nil {
		flags := ""
		if strings.Contains(a.What.Flags, "i") {
			flags = "(?i)"
		}
		var err error
		if m.pattern, err = regexp.Compile(flags + *a.What.Source); err != nil {
			return fmt.Errorf("t.fetch.mock: this expression cannot be used here: %w", err)
		}
	}
	if err := m.answer(a.Answer); err != nil {
		return err
	}
	for name, value := range a.Headers {
		m.headers[name] = value
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mocks = append(w.mocks, m)
	return nil
}

// answer takes a text as it is, and all else as JSON.
func (m *mock) answer(raw json.RawMessage) error {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &text) == nil:
		m.body, m.headers["Content-Type"] = []byte(text), "text/plain; charset=utf-8"
	default:
		m.body, m.headers["Content-Type"] = raw, "application/json"
	}
	return nil
}

func (m *mock) fits(r *http.Request) bool {
	switch {
	case m.left == 0 || m.method != "" && m.method != r.Method:
		return false
	case m.pattern != nil:
		return m.pattern.MatchString(r.URL.String())
	case strings.HasPrefix(m.url, "/"):
		return strings.HasPrefix(r.URL.RequestURI(), m.url)
	}
	return strings.HasPrefix(r.URL.String(), m.url)
}

// RoundTrip implements http.RoundTripper.
func (w *Web) RoundTrip(r *http.Request) (*http.Response, error) {
	m, err := w.take(r)
	if err != nil {
		return nil, err
	}
	if m.delay > 0 {
		t := time.NewTimer(m.delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	answer := &http.Response{
		Status: fmt.Sprintf("%d %s", m.status, http.StatusText(m.status)), StatusCode: m.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(m.body)), ContentLength: int64(len(m.body)),
	}
	for name, value := range m.headers {
		answer.Header.Set(name, value)
	}
	return answer, nil
}

// take notes a request and finds its answer.
func (w *Web) take(r *http.Request) (*mock, error) {
	seen := webRequest{Method: r.Method, URL: r.URL.String(), Path: r.URL.RequestURI(), Headers: map[string]string{}}
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body.Close()
		seen.Body = string(b)
	}
	for name := range r.Header {
		seen.Headers[strings.ToLower(name)] = r.Header.Get(name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen)
	for i := len(w.mocks) - 1; i >= 0; i-- {
		if m := w.mocks[i]; m.fits(r) {
			m.left = max(m.left-1, -1)
			return m, nil
		}
	}
	return nil, fmt.Errorf("a test reaches no network, and no t.fetch.mock() answers %s %s", r.Method, r.URL)
}

// requests are those sent so far whose URL or path begins so.
func (w *Web) requests(url string) []webRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := []webRequest{}
	for _, r := range w.seen {
		if strings.HasPrefix(r.URL, url) || strings.HasPrefix(r.Path, url) {
			all = append(all, r)
		}
	}
	return all
}
