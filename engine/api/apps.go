package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// MaxBody is the most bytes that a request for an app's function, and its answer, may
// have.
const MaxBody = 64 << 10

// AppError is what an app's function threw, or with a Code, why it was not called:
// no-app, no-function, denied, busy, gone, timeout, too-large.
type AppError struct {
	Name, Message string
	Code          string
}

func (e *AppError) Error() string { return e.Name + ": " + e.Message }

func (e *AppError) code() string {
	if e.Code == "" {
		return "script-error"
	}
	return e.Code
}

func (e *AppError) status() int {
	switch e.Code {
	case "no-app", "no-function":
		return http.StatusNotFound
	case "denied":
		return http.StatusForbidden
	case "too-large":
		return http.StatusRequestEntityTooLarge
	case "busy", "gone":
		return http.StatusServiceUnavailable
	case "timeout":
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

func callApp(s *Server, r *http.Request) (any, error) {
	args, err := readArguments(r)
	if err != nil {
		return nil, err
	}
	v, err := s.engine.CallApp(r.Context(), r.PathValue("app"), r.PathValue("function"), args)
	if err != nil {
		return nil, err
	}
	if len(v) == 0 {
		return nil, nil
	}
	return v, nil
}

// readArguments makes a list of what the body holds: a list, one object, or nothing.
func readArguments(r *http.Request) (json.RawMessage, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return json.RawMessage("[]"), nil
	case !json.Valid(body):
		return nil, fmt.Errorf("%w: the body is not JSON", ErrBadBody)
	case body[0] == '[':
		return body, nil
	case body[0] == '{':
		return fmt.Appendf(nil, "[%s]", body), nil
	}
	return nil, fmt.Errorf("%w: the body must be a list of arguments, or one object", ErrBadBody)
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &AppError{Name: "RangeError", Code: "too-large", Message: fmt.Sprintf("the body has more than %d bytes", MaxBody)}
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBadBody, err)
	}
	return body, nil
}
