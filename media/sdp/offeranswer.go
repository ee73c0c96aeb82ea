package sdp

import (
	"fmt"
	"net/netip"
	"strconv"

	pion "github.com/pion/sdp/v3"
)

// ParseOffer says what Answer would come to, without writing the answer.
func ParseOffer(offer []byte, l Local) (Agreement, error) {
	o, err := parseOutline(offer)
	if err != nil {
		return Agreement{}, err
	}
	a, c, err := o.findAudio(l.codecs())
	if err != nil {
		return Agreement{}, err
	}
	return a.agree(c, l.direction()), nil
}

// Answer answers a peer's offer (RFC 3264 §6). Of the offer's formats the first that
// l has is taken; the answer has a line for each of the offer's, in its order. The
// error is ErrMalformed, ErrNoCodec or ErrAddress.
func Answer(offer []byte, l Local) ([]byte, Agreement, error) {
	o, err := parseOutline(offer)
	if err != nil {
		return nil, Agreement{}, err
	}
	a, c, err := o.findAudio(l.codecs())
	if err != nil {
		return nil, Agreement{}, err
	}
	agreed := a.agree(c, l.direction())
	d := l.description()
	for i, s := range o.media {
		if i != a.at {
			d.MediaDescriptions = append(d.MediaDescriptions, s.rejected())
			continue
		}
		ours := direction{send: agreed.Send, receive: agreed.Receive}
		d.MediaDescriptions = append(d.MediaDescriptions, l.audioLine([]Codec{c}, agreed.EventType, ours))
	}
	answer, err := d.Marshal()
	if err != nil {
		return nil, Agreement{}, fmt.Errorf("sdp: write answer: %w", err)
	}
	return answer, agreed, nil
}

// Offer writes our offer: one audio line with l's codecs in order of preference.
func Offer(l Local) []byte {
	d := l.description()
	d.MediaDescriptions = append(d.MediaDescriptions, l.audioLine(l.codecs(), eventType, l.direction()))
	b, err := d.Marshal()
	if err != nil {
		panic("sdp: an offer of ours cannot be written: " + err.Error())
	}
	return b
}

// Accept reads the answer to Offer(l).
func Accept(answer []byte, l Local) (Agreement, error) {
	o, err := parseOutline(answer)
	if err != nil {
		return Agreement{}, err
	}
	a, c, err := o.findAudio(l.codecs())
	if err != nil {
		return Agreement{}, err
	}
	return a.agree(c, l.direction()), nil
}

// agree joins what the peer wants with what we do. The peer's c=0.0.0.0 is the old
// way to say hold (RFC 3264 §8.4).
func (a *audio) agree(c Codec, ours direction) Agreement {
	g := Agreement{
		Remote: a.remote, RemoteRTCP: a.rtcp, Codec: c, EventType: a.event, Ptime: a.ptime,
		Send:    ours.send && a.dir.receive && !a.remote.Addr().IsUnspecified(),
		Receive: ours.receive && a.dir.send,
	}
	return g
}

func (l Local) codecs() []Codec {
	if len(l.Codecs) == 0 {
		return known[:]
	}
	return l.Codecs
}

func (l Local) direction() direction { return direction{send: true, receive: !l.Hold} }

func (l Local) addr() netip.Addr {
	if ip := l.Addr.Addr(); ip.IsValid() {
		return ip.Unmap().WithZone("")
	}
	return netip.IPv4Unspecified()
}

func (l Local) description() *pion.SessionDescription {
	ip := l.addr()
	kind := "IP4"
	if ip.Is6() {
		kind = "IP6"
	}
	return &pion.SessionDescription{
		Origin: pion.Origin{Username: "-", SessionID: l.ID, SessionVersion: l.Version,
			NetworkType: "IN", AddressType: kind, UnicastAddress: ip.String()},
		SessionName: "-",
		ConnectionInformation: &pion.ConnectionInformation{NetworkType: "IN", AddressType: kind,
			Address: &pion.Address{Address: ip.String()}},
		TimeDescriptions: []pion.TimeDescription{{}},
	}
}

func (l Local) audioLine(codecs []Codec, event uint8, d direction) *pion.MediaDescription {
	m := &pion.MediaDescription{MediaName: pion.MediaName{
		Media: "audio", Port: pion.RangedPort{Value: int(l.Addr.Port())}, Protos: []string{"RTP", "AVP"}}}
	for _, c := range codecs {
		m.WithCodec(c.Type, c.Name, uint32(c.Rate), 0, "")
	}
	if event != 0 {
		m.WithCodec(event, "telephone-event", 8000, 0, "0-16")
	}
	return m.WithValueAttribute("ptime", "20").WithPropertyAttribute(d.String())
}

// rejected is the answer to a line that we do not take: the same with port 0.
func (s section) rejected() *pion.MediaDescription {
	return &pion.MediaDescription{MediaName: pion.MediaName{
		Media: s.name, Port: pion.RangedPort{Value: 0}, Protos: []string{s.proto}, Formats: s.formats}}
}

func (c Codec) String() string { return c.Name + "/" + strconv.Itoa(c.Rate) }
