package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// profile is what conference() and room.set() say of a room. What is absent stays as it
// was; a new room has none of it.
type profile struct {
	Rate             json.RawMessage            `json:"rate"`
	MaxMembers       *int                       `json:"maxMembers"`
	Pin              *string                    `json:"pin"`
	ModeratorPin     *string                    `json:"moderatorPin"`
	PinTries         *int                       `json:"pinTries"`
	WaitForModerator *bool                      `json:"waitForModerator"`
	MinMembers       *int                       `json:"minMembers"`
	EndWithModerator *bool                      `json:"endWithModerator"`
	EndGrace         *millis                    `json:"endGrace"`
	EndWhenEmpty     *millis                    `json:"endWhenEmpty"`
	MaxDuration      *millis                    `json:"maxDuration"`
	EndOnSilence     *millis                    `json:"endOnSilence"`
	Locked           *bool                      `json:"locked"`
	Music            json.RawMessage            `json:"music"`
	MusicWhen        *string                    `json:"musicWhen"`
	Sounds           map[string]json.RawMessage `json:"sounds"`
	Announce         *string                    `json:"announce"`
	CountAbove       *int                       `json:"countAbove"`
	Lobby            *bool                      `json:"lobby"`
	Loudest          *int                       `json:"loudest"`
	EnergyLevel      *float64                   `json:"energyLevel"`
	AGC              *bool                      `json:"agc"`
	ComfortNoise     *bool                      `json:"comfortNoise"`
	Record           *recordProfile             `json:"record"`
	Controls         map[string]json.RawMessage `json:"controls"`
	DTMF             *string                    `json:"dtmf"`
	History          *millis                    `json:"history"`
}

// recordProfile is a room's own recording.
type recordProfile struct {
	Mode string `json:"mode"` // mix separate both
	When string `json:"when"` // moderator two now
}

// rules are a room's profile made ready.
type rules struct {
	Auto             bool                         `json:"auto,omitempty"` // its rate is that of its members
	MaxMembers       int                          `json:"maxMembers,omitempty"`
	Pin              string                       `json:"pin,omitempty"`
	ModeratorPin     string                       `json:"moderatorPin,omitempty"`
	PinTries         int                          `json:"pinTries,omitempty"`
	WaitForModerator bool                         `json:"waitForModerator,omitempty"`
	MinMembers       int                          `json:"minMembers,omitempty"`
	EndWithModerator bool                         `json:"endWithModerator,omitempty"`
	EndGrace         millis                       `json:"endGrace,omitempty"`
	EndWhenEmpty     millis                       `json:"endWhenEmpty,omitempty"`
	MaxDuration      millis                       `json:"maxDuration,omitempty"`
	EndOnSilence     millis                       `json:"endOnSilence,omitempty"`
	Music            []*control.Source            `json:"music,omitempty"`
	MusicWhen        string                       `json:"musicWhen,omitempty"`
	Sounds           map[string][]*control.Source `json:"sounds,omitempty"`
	Announce         string                       `json:"announce,omitempty"`
	CountAbove       int                          `json:"countAbove,omitempty"`
	Lobby            bool                         `json:"lobby,omitempty"`
	Loudest          int                          `json:"loudest,omitempty"`
	EnergyLevel      *float64                     `json:"energyLevel,omitempty"`
	AGC              bool                         `json:"agc,omitempty"`
	ComfortNoise     bool                         `json:"comfortNoise,omitempty"`
	Record           recordProfile                `json:"record,omitzero"`
	Controls         map[string]control1          `json:"controls,omitempty"`
	Pass             bool                         `json:"pass,omitempty"`
	History          millis                       `json:"history,omitempty"`
}

// control1 is what a sequence of keys does: a verb by name, or a function of a unit.
type control1 struct {
	Verb string `json:"verb,omitempty"`
	Unit string `json:"unit,omitempty"`
	Fn   uint32 `json:"fn,omitempty"`
}

// roomSounds are the names that sounds may have.
var roomSounds = []string{"enter", "exit", "alone", "muted", "unmuted", "locked", "kicked", "begin", "recordStart", "pin", "badPin", "full", "sayName"}

var roomRates = []int{8000, 16000, 32000, 48000}

// limits of what a profile may say.
const (
	maxPin       = 16
	maxControls  = 64
	mostLoudest  = 32
	longestPast  = 30_000 // ms
	defaultTries = 3
)

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// change applies a profile to rules; rate is 0 where it says none, and a copy is
// changed, so that a mistake leaves all as it was.
func (p *profile) change(u *unit, r rules) (next rules, rate int, err error) {
	if err := p.check(); err != nil {
		return r, 0, err
	}
	if rate, err = p.rate(&r); err != nil {
		return r, 0, err
	}
	set(&r.MaxMembers, p.MaxMembers)
	set(&r.Pin, p.Pin)
	set(&r.ModeratorPin, p.ModeratorPin)
	set(&r.PinTries, p.PinTries)
	set(&r.WaitForModerator, p.WaitForModerator)
	set(&r.MinMembers, p.MinMembers)
	set(&r.EndWithModerator, p.EndWithModerator)
	set(&r.EndGrace, p.EndGrace)
	set(&r.EndWhenEmpty, p.EndWhenEmpty)
	set(&r.MaxDuration, p.MaxDuration)
	set(&r.EndOnSilence, p.EndOnSilence)
	set(&r.MusicWhen, p.MusicWhen)
	set(&r.Announce, p.Announce)
	set(&r.CountAbove, p.CountAbove)
	set(&r.Lobby, p.Lobby)
	set(&r.Loudest, p.Loudest)
	set(&r.AGC, p.AGC)
	set(&r.ComfortNoise, p.ComfortNoise)
	set(&r.Record, p.Record)
	set(&r.History, p.History)
	if p.EnergyLevel != nil {
		r.EnergyLevel = p.EnergyLevel
	}
	if p.DTMF != nil {
		r.Pass = *p.DTMF == "pass"
	}
	if err := p.audio(u, &r); err != nil {
		return r, 0, err
	}
	return r, rate, p.keys(u, &r)
}

func (p *profile) check() error {
	switch {
	case p.MaxMembers != nil && *p.MaxMembers < 0:
		return fmt.Errorf("maxMembers is %d", *p.MaxMembers)
	case p.MinMembers != nil && *p.MinMembers < 0:
		return fmt.Errorf("minMembers is %d", *p.MinMembers)
	case p.PinTries != nil && (*p.PinTries < 1 || *p.PinTries > 100):
		return fmt.Errorf("pinTries is %d; it must be from 1 to 100", *p.PinTries)
	case p.Loudest != nil && (*p.Loudest < 0 || *p.Loudest > mostLoudest):
		return fmt.Errorf("loudest is %d; it must be from 0 (all) to %d", *p.Loudest, mostLoudest)
	case p.History != nil && *p.History > longestPast:
		return fmt.Errorf("history is %v; the longest is 30s", p.History.duration())
	case p.EnergyLevel != nil && (*p.EnergyLevel < -90 || *p.EnergyLevel > 0):
		return fmt.Errorf("energyLevel is %v dBov; it must be from -90 to 0", *p.EnergyLevel)
	}
	for name, pin := range map[string]*string{"pin": p.Pin, "moderatorPin": p.ModeratorPin} {
		if pin != nil && (len(*pin) > maxPin || strings.Trim(*pin, "0123456789") != "") {
			return fmt.Errorf("%s must be up to %d digits", name, maxPin)
		}
	}
	if r := p.Record; r != nil {
		r.Mode, r.When = orElse(r.Mode, "mix"), orElse(r.When, "now")
		if !slices.Contains([]string{"mix", "separate", "both"}, r.Mode) || !slices.Contains([]string{"moderator", "two", "now"}, r.When) {
			return fmt.Errorf("record must be {mode: 'mix', 'separate' or 'both', when: 'now', 'two' or 'moderator'}")
		}
	}
	return nil
}

// rate reads a rate; 'auto' is that of the members who are in when it starts.
func (p *profile) rate(r *rules) (int, error) {
	if absent(p.Rate) {
		return 0, nil
	}
	n := 0
	if string(p.Rate) == `"auto"` {
		r.Auto = true
		return 0, nil
	}
	if json.Unmarshal(p.Rate, &n) != nil || !slices.Contains(roomRates, n) {
		return 0, fmt.Errorf("a rate of %s Hz; 8000, 16000, 32000, 48000 and 'auto' are", p.Rate)
	}
	r.Auto = false
	return n, nil
}

// audio resolves music and sounds in the directory of the script that names them.
func (p *profile) audio(u *unit, r *rules) (err error) {
	if !absent(p.Music) {
		if r.Music, err = u.sources(p.Music); err != nil {
			return fmt.Errorf("music: %w", err)
		}
	}
	if len(p.Sounds) == 0 {
		return nil
	}
	old := r.Sounds
	r.Sounds = map[string][]*control.Source{}
	for name, list := range old {
		r.Sounds[name] = list
	}
	for name, raw := range p.Sounds {
		if !slices.Contains(roomSounds, name) {
			return fmt.Errorf("no sound is named %q; the nearest is %q", name, nearest(name, slices.Clone(roomSounds)))
		}
		delete(r.Sounds, name)
		if absent(raw) || string(raw) == "false" {
			continue
		}
		if r.Sounds[name], err = u.sources(raw); err != nil {
			return fmt.Errorf("sounds.%s: %w", name, err)
		}
	}
	return nil
}

// keys reads the controls. A list given replaces the one before.
func (p *profile) keys(u *unit, r *rules) error {
	if p.Controls == nil {
		return nil
	}
	if len(p.Controls) > maxControls {
		return fmt.Errorf("%d controls; the most is %d", len(p.Controls), maxControls)
	}
	r.Controls = map[string]control1{}
	for keys, raw := range p.Controls {
		if err := checkKeys("controls", keys); err != nil || keys == "" || len(keys) > 8 {
			return fmt.Errorf("controls: %q is no sequence of 1 to 8 keys", keys)
		}
		if fn, ok := function(raw); ok {
			r.Controls[keys] = control1{Unit: u.id, Fn: fn}
			continue
		}
		var verb string
		if json.Unmarshal(raw, &verb) != nil || !slices.Contains(controlVerbs, verb) {
			return fmt.Errorf("controls: %s is neither a function nor one of %s", raw, strings.Join(controlVerbs, ", "))
		}
		r.Controls[keys] = control1{Verb: verb}
	}
	return nil
}
