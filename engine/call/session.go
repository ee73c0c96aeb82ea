package call

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Session timers (RFC 4028): the two sides agree on an interval and on who says within
// each half of it, by UPDATE or re-INVITE, that the call is still there. Who hears
// nothing for nearly the whole of it ends the call.

// minExpires is the shortest interval we take, in seconds (RFC 4028 §4).
const minExpires = 90

// longestExpires is the longest one that a peer can have us take.
const longestExpires = 86_400

// expires reads Session-Expires; 0: there is none.
func expires(m *Message) (seconds uint32, refresher string, ok bool) {
	v := m.Get("Session-Expires")
	if v == "" {
		return 0, "", true
	}
	digits, params, _ := strings.Cut(v, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 31)
	for p := range strings.SplitSeq(params, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "refresher") {
			refresher = strings.ToLower(strings.TrimSpace(v))
		}
	}
	return uint32(n), refresher, err == nil && n > 0
}

func supports(m *Message, tag string) bool {
	return slices.ContainsFunc(append(m.tokens("Supported"), m.tokens("Require")...), func(t string) bool { return strings.EqualFold(t, tag) })
}

// checkTimer refuses an interval that is too short for us, from one who can do better.
func checkTimer(m *Message) *refusal {
	n, _, ok := expires(m)
	switch {
	case !ok:
		return &refusal{status: 400, reason: "Malformed Session-Expires Header Field"}
	case n != 0 && n < minExpires && supports(m, "timer"):
		return &refusal{status: 422, headers: []Header{{"Min-SE", strconv.Itoa(minExpires)}}}
	}
	return nil
}

// agreeTimer answers what a request says of the session's timer, in its 2xx. A peer that
// knows no timers has no part in one (§9).
func (u *UA) agreeTimer(l *leg, req, ok *Message) {
	l.PeerUpdates = l.PeerUpdates || slices.Contains(req.tokens("Allow"), "UPDATE")
	n, refresher, _ := expires(req)
	if !supports(req, "timer") || n == 0 {
		u.setTimer(l, 0, false)
		return
	}
	n = min(max(n, minExpires), longestExpires)
	ours := refresher == "uas"
	value := itoa(n) + ";refresher=uac"
	if ours {
		value = itoa(n) + ";refresher=uas"
	}
	ok.Headers = append(ok.Headers, Header{"Session-Expires", value})
	if !ours {
		ok.Headers = append(ok.Headers, Header{"Require", "timer"})
	}
	u.setTimer(l, n, ours)
}

// takeTimer reads what a 2xx to a request of ours says of it (§7.2).
func (u *UA) takeTimer(l *leg, m *Message) {
	l.PeerUpdates = l.PeerUpdates || slices.Contains(m.tokens("Allow"), "UPDATE")
	n, refresher, ok := expires(m)
	if !ok || n == 0 {
		// A peer without timers: who asked for one keeps it alone.
		u.setTimer(l, l.Expires, l.Expires > 0)
		return
	}
	u.setTimer(l, min(max(n, minExpires), longestExpires), refresher != "uas")
}

// setTimer arms a leg's timer anew; 0 ends it.
func (u *UA) setTimer(l *leg, seconds uint32, ours bool) {
	if l.Expires > 0 {
		u.disarm(l.owner(), "refresh", "session")
	}
	l.Expires, l.Refresher = seconds, ours
	if seconds == 0 {
		return
	}
	whole := time.Duration(seconds) * time.Second
	if ours {
		u.arm(l.owner(), "refresh", whole/2)
	}
	u.arm(l.owner(), "session", whole-min(32*time.Second, whole/3)) // §10
}

// askRefresh lets a request of ours go on with the timer that holds.
func (u *UA) askRefresh(l *leg, m *Message) {
	if l.Expires == 0 {
		return
	}
	who := ";refresher=uas"
	if l.Refresher {
		who = ";refresher=uac"
	}
	m.Headers = append(m.Headers, Header{"Session-Expires", itoa(l.Expires) + who}, Header{"Min-SE", strconv.Itoa(minExpires)})
}

// refresh says that we are still there.
func (u *UA) refresh(l *leg) {
	switch {
	case l.State != up || l.Silent:
	case l.Change != nil || l.OK != nil || l.Updating != "":
		u.arm(l.owner(), "refresh", u.cfg.Timers.T2) // a request that refreshes too is on its way
	case l.PeerUpdates:
		m := u.inDialog(l, "UPDATE", 0)
		m.Contact = u.cfg.Contact(l.Flow)
		m.Headers = append(m.Headers, u.allowed(), Header{"Supported", supported})
		u.askRefresh(l, m)
		c := u.request(u.nextHop(l), m, toUpdate, l.ID)
		c.User, c.Password = l.User, l.Password
		l.Updating = c.Key
	default:
		u.reinvite(l, Reinvite{Leg: l.ID, Media: l.Media})
	}
}

// refreshed takes the 2xx to an UPDATE of ours.
func (u *UA) refreshed(c *client, m *Message) {
	l := u.s.Legs[c.Leg]
	if l == nil || l.Updating != c.Key {
		return
	}
	l.Updating = ""
	if m.Contact != "" {
		l.Target = m.Contact
	}
	u.takeTimer(l, m)
}

// notRefreshed takes the failure of an UPDATE of ours. Only what says that the call is
// gone ends it; a longer interval is taken, all else is tried again until the time is
// over.
func (u *UA) notRefreshed(l *leg, m *Message, cause Cause) {
	l.Updating = ""
	switch {
	case m == nil || m.Status == 408 || m.Status == 481:
		u.sendBye(l, nil)
		u.end(l, cause)
	case m.Status == 422:
		n, err := strconv.ParseUint(strings.TrimSpace(m.Get("Min-SE")), 10, 31)
		if err != nil || uint32(n) <= l.Expires || n > longestExpires {
			u.arm(l.owner(), "refresh", 10*time.Second)
			return
		}
		l.Expires = uint32(n)
		u.refresh(l)
	case m.Status == 405 || m.Status == 501:
		l.PeerUpdates = false
		u.refresh(l)
	default:
		u.arm(l.owner(), "refresh", 10*time.Second)
	}
}

// sessionOver ends a call that nobody has refreshed.
func (u *UA) sessionOver(l *leg) {
	if l.Expires == 0 || l.State != up || l.Silent {
		return
	}
	c := by("engine", CauseByName("timeout"))
	c.Text = "Session timer expired"
	u.sendBye(l, []Header{reasonHeader(c)})
	u.end(l, c)
}

// updated takes the peer's UPDATE (RFC 3311 §5.2): a new offer, or only a refresh.
func (u *UA) updated(l *leg, f Flow, m *Message) {
	no := checkTimer(m)
	if no == nil {
		no = checkBody(m)
	}
	switch {
	case no != nil:
	case len(m.Body) == 0:
	case l.Changing != "" || l.OK != nil && l.Late || l.Dialed && !l.agreed():
		no = &refusal{status: 491} // an offer of ours is out
	case l.State == early && l.SDP == nil:
		no = &refusal{status: 500, headers: []Header{retryAfter(time.Duration(1+u.number(10)) * time.Second)}}
	}
	if no != nil {
		u.answer(f, m, no.status, no.headers...)
		return
	}
	ok := u.dialogResponse(l, m, 200)
	if len(m.Body) > 0 {
		a, err := l.writeAnswer(m.Body, l.Media)
		if no := checkOffer(err); no != nil {
			u.answer(f, m, no.status, no.headers...) // the call stays as it is
			return
		}
		ok.carry(l.SDP)
		defer u.agree(l, a)
	}
	if m.Contact != "" {
		l.Target = m.Contact
	}
	if l.State == up {
		u.agreeTimer(l, m, ok)
	}
	u.respond(u.newServer(f, m), ok)
}
