package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// Versions is what an Engine that keeps versions of scripts can do; the routes of one
// that does not answer ErrNotHere. Errors beside those named: *ScriptProblem.
type Versions interface {
	// Versions lists an app's kept versions, that served last first. ErrNoApp.
	Versions(ctx context.Context, app string) ([]VersionView, error)
	// Rollback lets an older version serve, the one before for "". ErrNoApp, ErrNoVersion.
	Rollback(ctx context.Context, app, version string) (ReloadResult, error)
	// Diff compares two versions; "" is the one before, and the one that serves.
	Diff(ctx context.Context, app, from, to string) (DiffView, error)
	// Upload lets an app serve that no file on disk made. ErrBadBody.
	Upload(ctx context.Context, u Upload) (ReloadResult, error)
	// Check builds as Reload does, and changes nothing.
	Check(ctx context.Context, app string) ([]ReloadResult, error)
}

// ErrNoVersion: the app has no kept version of that name.
var ErrNoVersion = errors.New("api: no such version")

// VersionView is one kept version of an app.
type VersionView struct {
	App     string    `json:"app"`
	Version string    `json:"version"`
	State   string    `json:"state,omitempty"` // serving, trial
	By      string    `json:"by"`              // file, api, operator, errors
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Bytes   int       `json:"bytes"`
	Calls   int       `json:"calls"`
	OnDisk  bool      `json:"onDisk"`        // it is what the file says
	Bad     string    `json:"bad,omitempty"` // why it was rolled back by itself
}

// DiffView is what changed between two versions, as unified hunks.
type DiffView struct {
	App  string `json:"app"`
	From string `json:"from"`
	To   string `json:"to"`
	Diff string `json:"diff"`
}

// Upload is an app that comes by the API: one file with an Ext, named "", or a folder's
// files. Ext "" with one file: the kind that the app's file on disk has.
type Upload struct {
	App    string
	Single bool
	Ext    string
	Files  map[string]string
}

// MaxUpload is the most bytes an upload's body may have.
const MaxUpload = 8 << 20

// ScriptProblem is an error in an author's file.
type ScriptProblem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Source  string `json:"source,omitempty"`
	Name    string `json:"-"`
	Message string `json:"-"`
	Text    string `json:"-"` // all of it, one line
}

func (e *ScriptProblem) Error() string { return e.Text }

func (s *Server) versions() (Versions, error) {
	v, ok := s.engine.(Versions)
	if !ok {
		return nil, ErrNotHere
	}
	return v, nil
}

func listVersions(s *Server, r *http.Request) (any, error) {
	v, err := s.versions()
	if err != nil {
		return nil, err
	}
	list, err := v.Versions(r.Context(), r.PathValue("app"))
	return struct {
		Versions []VersionView `json:"versions"`
	}{some(list)}, err
}

func rollback(s *Server, r *http.Request) (any, error) {
	v, err := s.versions()
	if err != nil {
		return nil, err
	}
	app, version := r.PathValue("app"), r.URL.Query().Get("version")
	done, err := v.Rollback(r.Context(), app, version)
	if err == nil {
		s.log.Info("script rolled back by the API", "app", app, "from", done.From, "to", done.To, "by", r.RemoteAddr)
	}
	return done, err
}

func diffVersions(s *Server, r *http.Request) (any, error) {
	v, err := s.versions()
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	return v.Diff(r.Context(), r.PathValue("app"), q.Get("from"), q.Get("to"))
}

func checkScripts(s *Server, r *http.Request) (any, error) {
	v, err := s.versions()
	if err != nil {
		return nil, err
	}
	results, err := v.Check(r.Context(), r.URL.Query().Get("app"))
	return struct {
		Results []ReloadResult `json:"results"`
	}{some(results)}, err
}

func upload(s *Server, r *http.Request) (any, error) {
	v, err := s.versions()
	if err != nil {
		return nil, err
	}
	u, err := readUpload(r)
	if err != nil {
		return nil, err
	}
	done, err := v.Upload(r.Context(), u)
	if err == nil {
		s.log.Info("script uploaded by the API", "app", u.App, "from", done.From, "to", done.To, "trial", done.Trial, "by", r.RemoteAddr)
	}
	return done, err
}

// readUpload takes a JSON object of files by name, or the text of one file.
func readUpload(r *http.Request) (u Upload, err error) {
	u.App = r.PathValue("app")
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxUpload))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return u, fmt.Errorf("%w: it has more than %d bytes", ErrBadBody, MaxUpload)
	case err != nil:
		return u, fmt.Errorf("%w: %w", ErrBadBody, err)
	case len(body) == 0:
		return u, fmt.Errorf("%w: it is empty; send the text of a script, or a JSON object of files by name", ErrBadBody)
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		if err := json.Unmarshal(body, &u.Files); err != nil {
			return u, fmt.Errorf("%w: not a JSON object of files by name: %w", ErrBadBody, err)
		}
		return u, nil
	}
	u.Single, u.Files = true, map[string]string{"": string(body)}
	switch {
	case strings.HasSuffix(kind, "/typescript"):
		u.Ext = ".ts"
	case strings.HasSuffix(kind, "/javascript"):
		u.Ext = ".js"
	case r.URL.Query().Get("file") != "":
		u.Ext = path.Ext(r.URL.Query().Get("file"))
	}
	return u, nil
}
