package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const defaultTimeout = 10 * time.Second

// ours are headers that the request's framing decides (RFC 9110 §7.6.1, RFC 9112 §6).
var ours = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true,
	"Upgrade": true, "Te": true, "Trailer": true, "Keep-Alive": true, "Proxy-Connection": true, "Expect": true}

// check makes the request, or says what the script did wrong or may not do.
func (e *Edge) check(r Request) (*http.Request, *Error) {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil:
		return nil, &Error{"BadOption", "the URL cannot be read: " + err.Error()}
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, &Error{"BadOption", fmt.Sprintf("%.80q is no http or https URL", r.URL)}
	case u.User != nil:
		return nil, &Error{"BadOption", "name and password in a URL are not sent: give an Authorization header"}
	case len(r.Body) > MaxBody:
		return nil, &Error{"RangeError", fmt.Sprintf("a body of %d bytes, at most %d", len(r.Body), MaxBody)}
	}
	if err := e.guard.MayReach(r.App, u); err != nil {
		return nil, err
	}
	req, err := http.NewRequest(strings.ToUpper(r.Method), u.String(), nil)
	if err != nil {
		return nil, &Error{"BadOption", err.Error()}
	}
	if err := SetHeaders(req.Header, e.cfg.UserAgent, r.Headers); err != nil {
		return nil, err
	}
	if r.Key != "" && req.Header.Get("Idempotency-Key") == "" {
		req.Header.Set("Idempotency-Key", r.Key)
	}
	return req, nil
}

// SetHeaders sets an app's headers, and who sends them where the app does not say.
func SetHeaders(h http.Header, userAgent string, headers map[string]string) *Error {
	if userAgent != "" {
		h.Set("User-Agent", userAgent)
	}
	for name, value := range headers {
		if canonical := http.CanonicalHeaderKey(name); ours[canonical] || strings.HasPrefix(canonical, "Sec-Websocket-") {
			return &Error{"BadOption", fmt.Sprintf("the header %s is not the script's to set", name)}
		}
		h.Set(name, value)
	}
	return nil
}

// attempt sends the request once; again says that another try may do better.
func (e *Edge) attempt(a *reach, req *http.Request, r Request) (res Result, again bool) {
	limit := r.Timeout
	if limit <= 0 {
		limit = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(e.ctx, min(limit, MaxTimeout))
	defer cancel()
	req = req.Clone(ctx)
	if len(r.Body) > 0 {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
	}
	answer, err := a.client.Do(req)
	if err != nil {
		return failed(err, limit)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxBody+1))
	switch {
	case err != nil:
		return failed(err, limit)
	case len(body) > MaxBody:
		return Result{Error: &Error{"RangeError", fmt.Sprintf("%s answered with more than %d bytes, which a journal cannot hold", req.URL.Host, MaxBody)}}, false
	}
	res = Result{Status: answer.StatusCode, StatusText: http.StatusText(answer.StatusCode), URL: answer.Request.URL.String(),
		Redirected: answer.Request.URL.String() != req.URL.String(), Headers: map[string]string{}, Body: body}
	for name, values := range answer.Header {
		res.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return res, res.Status >= 502 && res.Status <= 504
}

// failed turns the client's error into one for the script. What was denied is not
// tried again.
func failed(err error, limit time.Duration) (Result, bool) {
	var ours *Error
	var wrapped *url.Error
	switch {
	case errors.As(err, &ours):
		return Result{Error: ours}, false
	case errors.Is(err, context.DeadlineExceeded):
		return Result{Error: &Error{"Timeout", fmt.Sprintf("no whole answer within %v", min(limit, MaxTimeout))}}, true
	case errors.As(err, &wrapped):
		err = wrapped.Err
	}
	return Result{Error: &Error{"TypeError", "the request failed: " + err.Error()}}, true
}
