package call

import (
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// maxGlare bounds how often a re-INVITE is tried again after 491.
const maxGlare = 8

// reinvited takes the peer's re-INVITE (RFC 3261 §14.2): hold, resume, a new address,
// or a wish for our offer. It is answered at once, with the media as it is.
func (u *UA) reinvited(l *leg, f Flow, m *Message) {
	switch {
	case l.State == early:
		u.answerInvite(f, m, 500, "", retryAfter(time.Duration(1+u.number(10))*time.Second))
		return
	case l.Changing != "" || l.OK != nil:
		u.answerInvite(f, m, 491, "") // glare, or an exchange of ours without its ACK
		return
	}
	no := checkTimer(m)
	if no == nil {
		no = checkBody(m)
	}
	if no != nil {
		u.answerInvite(f, m, no.status, no.reason, no.headers...)
		return
	}
	late := len(m.Body) == 0
	var a sdp.Agreement
	if late {
		l.writeOffer(l.Media)
	} else {
		var err error
		a, err = l.writeAnswer(m.Body, l.Media)
		if no := checkOffer(err); no != nil {
			u.answerInvite(f, m, no.status, no.reason, no.headers...) // the call stays as it is
			return
		}
	}
	if m.Contact != "" {
		l.Target = m.Contact // §12.2.2: a target refresh
	}
	s := u.newServer(f, m)
	ok := u.dialogResponse(l, m, 200)
	u.agreeTimer(l, m, ok)
	u.sendOK(l, s, ok, late)
	if !late {
		u.agree(l, a)
	}
}

// answerInvite refuses a re-INVITE through a transaction, which repeats the answer
// until its ACK.
func (u *UA) answerInvite(f Flow, m *Message, status int, reason string, headers ...Header) {
	r := u.response(m, status, reason, "")
	r.Headers = append(r.Headers, headers...)
	u.respond(u.newServer(f, m), r)
}

// reinvite offers new media to the peer of a call that is up.
func (u *UA) reinvite(l *leg, o Reinvite) {
	if l.State != up || l.Change != nil || l.OK != nil {
		u.refused(l.ID, "reinvite", "the call is not up, or its media are being changed")
		return
	}
	l.Change, l.Tries = &o.Media, 0
	u.change(l)
}

// change sends the re-INVITE, the first time or after glare. Only when the peer says
// yes does the leg's media change.
func (u *UA) change(l *leg) {
	if l.OK != nil {
		u.arm(l.owner(), "change", u.cfg.Timers.T1) // the peer's own change goes first
		return
	}
	offered := *l
	offered.writeOffer(*l.Change)
	*l.Change, l.SDPVersion = offered.Media, offered.SDPVersion
	m := u.inDialog(l, "INVITE", 0)
	m.Contact = u.cfg.Contact(l.Flow)
	m.Headers = append(m.Headers, u.allowed(), Header{"Supported", supported})
	u.askRefresh(l, m)
	m.carry(offered.SDP)
	c := u.request(u.nextHop(l), m, toReinvite, l.ID)
	c.User, c.Password = l.User, l.Password
	l.Changing = c.Key
}

// changed takes the 2xx to our re-INVITE.
func (u *UA) changed(c *client, l *leg, m *Message) {
	if l == nil || l.Changing != c.Key {
		// Hung up meanwhile. The BYE is out; the 2xx still wants its ACK.
		r := c.Request
		gone := &leg{Flow: c.Flow, CallID: r.CallID, Local: r.From, Remote: m.To, Target: r.URI, Routes: r.Routes}
		u.sendAck(c, gone, m.To.Tag)
		return
	}
	if m.Contact != "" {
		l.Target = m.Contact
	}
	u.sendAck(c, l, m.To.Tag)
	u.takeTimer(l, m)
	offered := *l.Change
	l.Changing, l.Change = "", nil
	a, err := sdp.Accept(m.Body, offered)
	if err != nil {
		no := by("engine", CauseByName("not-acceptable"))
		no.Text = "No usable answer: " + err.Error()
		u.sendBye(l, []Header{reasonHeader(no)})
		u.end(l, no)
		return
	}
	l.Media, l.SDP = offered, sdp.Offer(offered)
	u.gone(l)
	u.agree(l, a)
}

// changeFailed takes the failure of our re-INVITE: 491 is tried again, 408 and 481
// end the call, all else leaves it as it was (§14.1).
func (u *UA) changeFailed(l *leg, m *Message, cause Cause) {
	l.Changing = ""
	switch {
	case m != nil && m.Status == 491 && l.Tries < maxGlare:
		l.Tries++
		u.arm(l.owner(), "change", u.glareWait(l))
	case m == nil || m.Status == 408 || m.Status == 481:
		u.sendBye(l, nil)
		u.end(l, cause)
	default:
		u.stays(l, itoa(uint32(m.Status))+" "+m.Reason)
		l.Change = nil
	}
}

// glareWait is 2.1 to 4 s for the owner of the Call-ID and up to 2 s for the other,
// in steps of 10 ms (§14.1), so that the two do not meet again.
func (u *UA) glareWait(l *leg) time.Duration {
	if l.Dialed {
		return 2100*time.Millisecond + time.Duration(u.number(191))*10*time.Millisecond
	}
	return time.Duration(u.number(201)) * 10 * time.Millisecond
}
