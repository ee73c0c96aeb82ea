package flow

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

const (
	maxSources = 100
	forEver    = 0xffffffff
)

// sources turns what a script wants played into what a mixer plays.
func (u *unit) sources(raw json.RawMessage) ([]*control.Source, error) {
	out, err := u.appendSources(nil, raw, 0)
	switch {
	case err != nil:
		return nil, err
	case len(out) == 0:
		return nil, fmt.Errorf("nothing to play is given")
	case len(out) > maxSources:
		return nil, fmt.Errorf("%d sources; the most is %d", len(out), maxSources)
	}
	return out, nil
}

func (u *unit) appendSources(out []*control.Source, raw json.RawMessage, depth int) ([]*control.Source, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		if depth > 4 || len(list) > maxSources {
			return nil, fmt.Errorf("the list of sources is too deep or too long")
		}
		for _, item := range list {
			var err error
			if out, err = u.appendSources(out, item, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		s, err := u.source(text)
		return append(out, s), err
	}
	return u.appendValue(out, raw, depth)
}

// appendValue takes what play(), tone() and silence() of 'callwright' made.
func (u *unit) appendValue(out []*control.Source, raw json.RawMessage, depth int) ([]*control.Source, error) {
	var v sourceValue
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("%s cannot be played", raw)
	}
	switch v.Value {
	case "play":
		if depth > 4 {
			return nil, fmt.Errorf("the list of sources is too deep")
		}
		return u.appendSources(out, v.Source, depth+1)
	case "tone":
		t, err := toneOf(v.Spec)
		return append(out, t), err
	case "silence":
		s, err := silenceOf(v.Duration.duration())
		return append(out, s), err
	case "say", "number", "digits", "date", "money":
		s, err := v.spoken()
		return append(out, s), err
	}
	return nil, fmt.Errorf("%s cannot be played", raw)
}

// source reads one source's text: tone:SPEC, country:CC/TONE, silence:TIME,
// recordings:FILE, say:TEXT, a URL, or a file beside the script.
func (u *unit) source(text string) (*control.Source, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok {
		return u.file(text)
	}
	switch scheme {
	case "tone":
		return toneOf(rest)
	case "silence":
		d, err := parseTime(rest)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		return silenceOf(d)
	case "country":
		return countryTone(rest)
	case "http", "https":
		w, err := u.web(text)
		if err != nil {
			return nil, err
		}
		return &control.Source{Body: &control.Source_Web{Web: w}}, nil
	case "data":
		return dataOf(text, rest)
	case "say":
		if err := speakable(rest); err != nil {
			return nil, err
		}
		return speechOf(rest, ""), nil
	case "recordings":
		if err := checkPath(rest); err != nil {
			return nil, err
		}
		return fileSource(control.File_RECORDINGS, rest), nil
	}
	return nil, fmt.Errorf("sources of the kind %q (in %q) are not built yet", scheme+":", text)
}

// file finds a prompt in the directory of the script that names it, which it cannot
// leave.
func (u *unit) file(name string) (*control.Source, error) {
	if err := checkPath(name); err != nil {
		return nil, err
	}
	return fileSource(control.File_PROMPTS, path.Join(u.dir, name)), nil
}

func fileSource(root control.File_Root, name string) *control.Source {
	return &control.Source{Body: &control.Source_File{File: &control.File{Root: root, Path: name}}}
}

func checkPath(name string) error {
	switch {
	case name == "" || len(name) > 1024 || strings.ContainsAny(name, "\x00\\"):
		return fmt.Errorf("%q is not the name of a file", name)
	case path.IsAbs(name):
		return fmt.Errorf("%q: files are named from the script's own directory, not by an absolute path", name)
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return fmt.Errorf("%q leaves the script's directory", name)
		}
	}
	return nil
}

func silenceOf(d time.Duration) (*control.Source, error) {
	if d <= 0 || d > 24*time.Hour {
		return nil, fmt.Errorf("a silence of %v; it must be from 1ms to 24h", d)
	}
	return &control.Source{Body: &control.Source_SilenceMs{SilenceMs: uint32(d.Milliseconds())}}, nil
}

// parseTime reads "2s", "1.5s", "200ms", "1m", or a number of ms.
func parseTime(s string) (time.Duration, error) {
	if ms, err := strconv.ParseFloat(s, 64); err == nil && ms >= 0 && ms < 1e9 {
		return millis(ms).duration(), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	return d, nil
}

// loops reads the loop option: true for ever, a number of times.
func loops(raw json.RawMessage) (uint32, error) {
	switch s := string(raw); s {
	case "", "null", "false":
		return 0, nil
	case "true":
		return forEver, nil
	default:
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n == 0 || n > 1e6 {
			return 0, fmt.Errorf("loop is %s; it must be true or a number from 1 to 1000000", s)
		}
		return uint32(n), nil
	}
}
