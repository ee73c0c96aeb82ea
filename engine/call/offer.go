package call

import (
	"bytes"

	"github.com/callwright/callwright/media/sdp"
)

// body writes our offer or answer with the leg's session id. The version grows when
// the text is not the one sent last (RFC 3264 §8).
func (l *leg) body(m sdp.Local, write func(sdp.Local) ([]byte, error)) error {
	m.ID, m.Version = l.Media.ID, max(l.SDPVersion, 1)
	b, err := write(m)
	if err != nil {
		return err
	}
	if l.SDP != nil && !bytes.Equal(b, l.SDP) {
		m.Version++
		if b, err = write(m); err != nil {
			return err
		}
	}
	l.Media, l.SDP, l.SDPVersion = m, b, m.Version
	return nil
}

func (l *leg) writeOffer(m sdp.Local) {
	_ = l.body(m, func(m sdp.Local) ([]byte, error) { return sdp.Offer(m), nil })
}

// writeAnswer answers an offer of the peer and brings back what that comes to.
func (l *leg) writeAnswer(offer []byte, m sdp.Local) (sdp.Agreement, error) {
	var a sdp.Agreement
	err := l.body(m, func(m sdp.Local) (b []byte, err error) {
		b, a, err = sdp.Answer(offer, m)
		return b, err
	})
	return a, err
}

func (u *UA) agree(l *leg, a sdp.Agreement) {
	a.Generation = l.Agreed.Generation + 1
	l.Agreed = a
	u.do(Agreed{Leg: l.ID, Media: a})
}

// agreed says whether offer and answer have met.
func (l *leg) agreed() bool { return l.Agreed.Generation > 0 }
