package call

import "time"

// Timers are the base values of RFC 3261 §17.1.1.1 and table 4. Zero fields have
// their defaults.
type Timers struct {
	T1 time.Duration // round trip estimate, 500 ms
	T2 time.Duration // longest gap between retransmissions, 4 s
	T4 time.Duration // how long a message stays in the network, 5 s
	// Early is how often a provisional response is repeated, so that no proxy on
	// the way gives up (§13.3.1.1: every minute).
	Early time.Duration
}

func (t Timers) filled() Timers {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&t.T1, 500*time.Millisecond)
	set(&t.T2, 4*time.Second)
	set(&t.T4, 5*time.Second)
	set(&t.Early, time.Minute)
	return t
}

// long is timers B, D, F, H, J, L and M: 64*T1.
func (t Timers) long() time.Duration { return 64 * t.T1 }

// Owners of timers are told apart by their first byte, so that a leg may be called
// like a transaction.
const (
	ofServer = "s:"
	ofClient = "c:"
	ofLeg    = "l:"
)

func (u *UA) arm(owner, name string, after time.Duration) {
	if u.s.Timers[owner] == nil {
		u.s.Timers[owner] = map[string]time.Time{}
	}
	u.s.Timers[owner][name] = u.now.Add(after).Round(0)
	u.do(Arm{Timer: TimerID{Owner: owner, Name: name}, After: after})
}

func (u *UA) armed(owner, name string) bool {
	_, ok := u.s.Timers[owner][name]
	return ok
}

func (u *UA) disarm(owner string, names ...string) {
	for _, n := range names {
		u.forgetTimer(owner, n)
		u.do(Disarm{TimerID{Owner: owner, Name: n}})
	}
}

// fired sends a timer to its owner. Who is gone, or has moved on, meant to disarm
// it: the firing was already on its way.
func (u *UA) fired(id TimerID) {
	u.forgetTimer(id.Owner, id.Name)
	if len(id.Owner) < 2 {
		return
	}
	kind, key := id.Owner[:2], id.Owner[2:]
	switch kind {
	case ofServer:
		if s := u.s.Servers[key]; s != nil {
			u.mark(s.Leg)
			u.serverTimer(s, id.Name)
		}
	case ofClient:
		if c := u.s.Clients[key]; c != nil {
			u.mark(c.Leg)
			u.clientTimer(c, id.Name)
		}
	case ofLeg:
		if l := u.s.Legs[key]; l != nil {
			u.mark(l.ID)
			u.legTimer(l, id.Name)
		}
	}
}

func (u *UA) forgetTimer(owner, name string) {
	if t := u.s.Timers[owner]; t != nil {
		if delete(t, name); len(t) == 0 {
			delete(u.s.Timers, owner)
		}
	}
}
