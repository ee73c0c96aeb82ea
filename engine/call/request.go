package call

// ordered sends a request of a flow, within a leg's dialog or outside one. It comes to
// Replied, once.
func (u *UA) ordered(o Request) {
	switch o.Method {
	case "", "INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE":
		u.unsent(o, "the core sends "+o.Method+" itself")
		return
	}
	if u.s.Requests[o.ID] != "" || o.ID == "" {
		u.unsent(o, "the request's id is not a new one")
		return
	}
	if len(u.s.Clients) >= u.cfg.MaxTransactions {
		u.unsent(o, "too many requests")
		return
	}
	m, f, why := u.compose(o)
	if why != "" {
		u.unsent(o, why)
		return
	}
	m.Headers = append(m.Headers, extraOf(o.Headers)...)
	if len(o.Body) > 0 {
		m.Type, m.Body = o.Type, o.Body
	}
	c := u.request(f, m, toFlow, o.Leg)
	c.User, c.Password, c.ID = o.User, o.Password, o.ID
	u.s.Requests[o.ID] = c.Key
}

// compose makes the request and says where it goes.
func (u *UA) compose(o Request) (*Message, Flow, string) {
	if o.Leg != "" {
		l := u.s.Legs[o.Leg]
		if l == nil || l.Silent || l.State != up && l.Remote.Tag == "" {
			return nil, Flow{}, "there is no such call, or it has no dialog yet"
		}
		m := u.inDialog(l, o.Method, 0)
		if o.Method == "REFER" || o.Method == "SUBSCRIBE" || o.Method == "NOTIFY" {
			m.Contact = u.cfg.Contact(l.Flow)
		}
		return m, u.nextHop(l), ""
	}
	if !knownScheme(o.URI) {
		return nil, Flow{}, "not a SIP URI"
	}
	m := &Message{Method: o.Method, URI: o.URI, From: o.From, To: o.To, CallID: o.CallID, CSeq: max(o.CSeq, 1),
		Routes: o.Routes, Headers: []Header{{"Max-Forwards", "70"}}}
	if m.CallID == "" {
		m.CallID = u.id()
	}
	if m.From.Tag == "" {
		m.From.Tag = u.id()
	}
	if m.To.URI == "" {
		m.To.URI = o.URI
	}
	m.Contact = o.Contact
	if m.Contact == "" && o.Method != "MESSAGE" && o.Method != "OPTIONS" {
		m.Contact = u.cfg.Contact(o.Flow)
	}
	u.stamp(m, o.Flow)
	return m, o.Flow, ""
}

func (u *UA) unsent(o Request, why string) {
	c := CauseByName("unreachable")
	c.By, c.Text = "engine", why
	u.do(Replied{ID: o.ID, Leg: o.Leg, Cause: c})
}

// replied tells what a request of a flow has come to.
func (u *UA) replied(c *client, m *Message, cause Cause) {
	delete(u.s.Requests, c.ID)
	u.do(Replied{ID: c.ID, Leg: c.Leg, Msg: m, Cause: cause})
}
