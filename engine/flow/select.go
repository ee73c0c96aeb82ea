package flow

import (
	"encoding/json"
	"fmt"
	"slices"
)

// picker says which members of a room a filter means.
type picker struct {
	ids   []string // nil: not by id
	match memberMatch
}

// memberMatch is the object form of a filter: all that is given must hold.
type memberMatch struct {
	ID      *string  `json:"id"`
	Tag     *string  `json:"tag"`
	Tags    []string `json:"tags"`
	Role    *string  `json:"role"`
	Label   *string  `json:"label"`
	Muted   *bool    `json:"muted"`
	Talking *bool    `json:"talking"`
	Held    *bool    `json:"held"`
	Lobby   *bool    `json:"lobby"`
	Handle  *string  `json:"$handle"`
}

var matchNames = []string{"id", "tag", "tags", "role", "label", "muted", "talking", "held", "lobby"}

// readFilter reads a member's id, a member, a list of those, or an object of what a
// member must be. None means all.
func readFilter(raw json.RawMessage) (picker, error) {
	p := picker{}
	if absent(raw) && string(raw) != "[]" {
		return p, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return p, p.read(raw)
	}
	p.ids = []string{}
	for _, item := range list {
		one := picker{}
		if err := one.read(item); err != nil {
			return p, err
		}
		if one.ids == nil {
			return p, fmt.Errorf("a list must hold members or their ids")
		}
		p.ids = append(p.ids, one.ids...)
	}
	return p, nil
}

func (p *picker) read(raw json.RawMessage) error {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		p.ids = []string{id}
		return nil
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(raw, &names); err != nil {
		return fmt.Errorf("%s does not say which members", raw)
	}
	if err := json.Unmarshal(raw, &p.match); err != nil {
		return fmt.Errorf("%s does not say which members: %w", raw, err)
	}
	if p.match.Handle != nil {
		p.ids, p.match = []string{*p.match.Handle}, memberMatch{}
		return nil
	}
	for name := range names {
		if !slices.Contains(matchNames, name) {
			return fmt.Errorf("members have no %q; the nearest is %q", name, nearest(name, matchNames))
		}
	}
	if p.match.ID != nil && len(names) > 1 { // what members() gave
		p.ids, p.match = []string{*p.match.ID}, memberMatch{}
	}
	return nil
}

func (p *picker) takes(s *seat) bool {
	if p.ids != nil && !slices.Contains(p.ids, s.ID) && !slices.Contains(p.ids, s.handle) {
		return false
	}
	m := &p.match
	for _, t := range m.Tags {
		if !slices.Contains(s.Tags, t) {
			return false
		}
	}
	return (m.ID == nil || *m.ID == s.ID) &&
		(m.Tag == nil || slices.Contains(s.Tags, *m.Tag)) &&
		(m.Role == nil || *m.Role == s.Role) &&
		(m.Label == nil || *m.Label == s.Label) &&
		(m.Muted == nil || *m.Muted == s.Muted) &&
		(m.Held == nil || *m.Held == s.Held) &&
		(m.Lobby == nil || *m.Lobby == s.Lobby) &&
		(m.Talking == nil || *m.Talking == s.talking)
}

// pick lists the members a filter means, in the order they joined. Those in the lobby
// are meant only by their names, or by lobby: true.
func (r *room) pick(p picker) []*seat {
	list := r.seats
	if p.ids != nil || p.match.Lobby != nil {
		list = slices.Concat(r.seats, r.lobby)
	}
	var out []*seat
	for _, s := range list {
		if p.takes(s) {
			out = append(out, s)
		}
	}
	return out
}
