package call

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// extract is a part of a state: what must survive of one leg.
type extract struct {
	Version int                             `json:"v"`
	Leg     *leg                            `json:"leg,omitempty"` // nil: only what it still owes its peer
	Servers []*server                       `json:"servers,omitempty"`
	Clients []*client                       `json:"clients,omitempty"`
	Timers  map[string]map[string]time.Time `json:"timers,omitempty"`
}

// Armed is a timer that is to be armed again, at its old time.
type Armed struct {
	Timer TimerID
	At    time.Time
}

// Touched names the legs that the last Step may have changed. The list is good until
// the next Step; a leg may be in it twice.
func (u *UA) Touched() []string { return u.touched }

func (u *UA) mark(leg string) {
	if leg != "" {
		u.touched = append(u.touched, leg)
	}
}

// own notes that a transaction is a leg's.
func (u *UA) own(leg, owner string) {
	if leg == "" {
		return
	}
	if u.owned[leg] == nil {
		u.owned[leg] = map[string]bool{}
	}
	u.owned[leg][owner] = true
	u.mark(leg)
}

func (u *UA) disown(leg, owner string) {
	if o := u.owned[leg]; o != nil {
		if delete(o, owner); len(o) == 0 {
			delete(u.owned, leg)
		}
		u.mark(leg)
	}
}

// repeat sends once more what was sent before.
func (u *UA) repeat(f Flow, m *Message, key string) {
	u.do(Send{Flow: f, Msg: m, Branch: key, Again: true})
}

// Extract is all that must survive of one leg, as JSON: its dialog, its transactions,
// its timers. Of a leg that has ended it is what the peer is still owed; nil: nothing.
// It holds credentials: whoever stores it must seal it.
func (u *UA) Extract(id string) []byte {
	e := extract{Version: stateVersion, Leg: u.s.Legs[id], Timers: map[string]map[string]time.Time{}}
	for _, owner := range slices.Sorted(maps.Keys(u.owned[id])) {
		key := owner[len(ofServer):]
		if s := u.s.Servers[key]; s != nil && owner == s.owner() && (e.Leg != nil || s.owed()) {
			e.Servers = append(e.Servers, s)
		}
		if c := u.s.Clients[key]; c != nil && owner == c.owner() && (e.Leg != nil || c.owed()) {
			e.Clients = append(e.Clients, c)
		}
		if t := u.s.Timers[owner]; t != nil {
			e.Timers[owner] = t
		}
	}
	if t := u.s.Timers[ofLeg+id]; t != nil {
		e.Timers[ofLeg+id] = t
	}
	if e.Leg == nil && len(e.Servers)+len(e.Clients) == 0 {
		return nil
	}
	b, err := json.Marshal(&e)
	if err != nil {
		panic("call: a leg is plain data: " + err.Error())
	}
	return b
}

// owed: the peer waits for something of it.
func (s *server) owed() bool {
	return s.Method == "INVITE" && (s.State == completed || s.State == proceeding)
}

func (c *client) owed() bool { return c.State == calling || c.State == proceeding }

// Absorb takes up a leg from an Extract of another core, which must not go on with it.
// The timers it returns are to be armed. A leg of that name that is here already stays
// as it is. ErrState.
func (u *UA) Absorb(data []byte) ([]Armed, error) {
	var e extract
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrState, err)
	}
	if e.Version != stateVersion {
		return nil, fmt.Errorf("%w: version %d", ErrState, e.Version)
	}
	if e.Leg != nil {
		if u.s.Legs[e.Leg.ID] != nil {
			return nil, fmt.Errorf("%w: leg %s is here already", ErrState, e.Leg.ID)
		}
		u.addLeg(e.Leg)
	}
	for _, s := range e.Servers {
		u.s.Servers[s.Key] = s
		u.own(s.Leg, s.owner())
		if s.Merge != "" {
			u.s.Merge[s.Merge] = s.Key
		}
	}
	for _, c := range e.Clients {
		u.s.Clients[c.Key] = c
		u.own(c.Leg, c.owner())
		if c.Use == toBye && c.Request != nil {
			u.s.Closing[c.Request.From.Tag] = c.Key
		}
	}
	return u.rearm(e.Timers), nil
}

func (u *UA) rearm(timers map[string]map[string]time.Time) (list []Armed) {
	for _, owner := range slices.Sorted(maps.Keys(timers)) {
		u.s.Timers[owner] = timers[owner]
		for _, name := range slices.Sorted(maps.Keys(timers[owner])) {
			list = append(list, Armed{TimerID{owner, name}, timers[owner][name]})
		}
	}
	return list
}

// Armed lists all timers, for a core that was resumed as a whole.
func (u *UA) Armed() []Armed { return u.rearm(u.s.Timers) }
