package call

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// extract is a part of a state: what must survive of one leg.
type extract struct {
	Version int
	Leg     *leg // nil: only what it still owes its peer
	Servers []*server
	Clients []*client
	Timers  []Armed
}

// extract1 is the first version of it, as releases before wrote it.
type extract1 struct {
	Version int                             `json:"v"`
	Leg     *leg                            `json:"leg"`
	Servers []*server                       `json:"servers"`
	Clients []*client                       `json:"clients"`
	Timers  map[string]map[string]time.Time `json:"timers"`
}

const extractVersion = 2

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

// Extract appends all that must survive of one leg, as text: its dialog, its
// transactions, its timers. Of a leg that has ended it is what the peer is still owed;
// false: nothing. It holds credentials: whoever stores it must seal it.
func (u *UA) Extract(b []byte, id string) (text []byte, any bool) {
	e := &u.extract
	*e = extract{Version: extractVersion, Leg: u.s.Legs[id], Timers: e.Timers[:0]}
	var owners [4]string
	for _, owner := range sortedInto(owners[:0], u.owned[id]) {
		key := owner[len(ofServer):]
		if s := u.s.Servers[key]; s != nil && owner == s.owner() && (e.Leg != nil || s.owed()) {
			e.Servers = append(e.Servers, s)
		}
		if c := u.s.Clients[key]; c != nil && owner == c.owner() && (e.Leg != nil || c.owed()) {
			e.Clients = append(e.Clients, c)
		}
		e.Timers = u.timersOf(e.Timers, owner, u.s.Timers[owner])
	}
	e.Timers = u.timersOf(e.Timers, ofLeg+id, u.s.Timers[ofLeg+id])
	if e.Leg == nil && len(e.Servers)+len(e.Clients) == 0 {
		return b, false
	}
	if byName(e.Timers); len(e.Timers) == 0 {
		e.Timers = nil // an empty list would be written
	}
	return u.scheme.Freeze(b, e), true
}

// sortedInto appends the names of a set in their order; a list with room costs nothing.
func sortedInto(list []string, set map[string]bool) []string {
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// timersOf appends an owner's timers, in no order.
func (u *UA) timersOf(list []Armed, owner string, timers map[string]time.Time) []Armed {
	for name, at := range timers {
		list = append(list, Armed{TimerID{owner, name}, at})
	}
	return list
}

// byName sorts timers by owner and name.
func byName(list []Armed) []Armed {
	slices.SortFunc(list, func(a, b Armed) int {
		return cmp.Or(strings.Compare(a.Timer.Owner, b.Timer.Owner), strings.Compare(a.Timer.Name, b.Timer.Name))
	})
	return list
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
	e, err := u.readExtract(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrState, err)
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
	for _, a := range e.Timers {
		u.keepTimer(a)
	}
	return e.Timers, nil
}

// readExtract reads both versions.
func (u *UA) readExtract(data []byte) (e extract, err error) {
	if !bytes.HasPrefix(data, []byte(`{"v":`)) {
		if err = u.scheme.Thaw(data, &e); err == nil && e.Version != extractVersion {
			err = fmt.Errorf("version %d", e.Version)
		}
		return e, err
	}
	var old extract1
	if err = json.Unmarshal(data, &old); err == nil && old.Version != stateVersion {
		err = fmt.Errorf("version %d", old.Version)
	}
	e = extract{Leg: old.Leg, Servers: old.Servers, Clients: old.Clients}
	for owner, timers := range old.Timers {
		e.Timers = u.timersOf(e.Timers, owner, timers)
	}
	byName(e.Timers)
	return e, err
}

func (u *UA) keepTimer(a Armed) {
	if u.s.Timers[a.Timer.Owner] == nil {
		u.s.Timers[a.Timer.Owner] = map[string]time.Time{}
	}
	u.s.Timers[a.Timer.Owner][a.Timer.Name] = a.At
}

// Armed lists all timers, for a core that was resumed as a whole.
func (u *UA) Armed() (list []Armed) {
	for owner, timers := range u.s.Timers {
		list = u.timersOf(list, owner, timers)
	}
	return byName(list)
}
