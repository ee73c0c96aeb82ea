package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	pion "github.com/pion/sdp/v3"
)

// known are the codecs this package can agree on, with their numbers of RFC 3551.
// It is read only.
var known = [...]Codec{{Name: "PCMU", Type: 0, Rate: 8000}, {Name: "PCMA", Type: 8, Rate: 8000}}

const eventType = 101 // our number for telephone-event where the choice is ours

// direction is who may talk, seen from the side that wrote it.
type direction struct{ send, receive bool }

// audio is a peer's audio line, read.
type audio struct {
	at     int // which m= line
	remote netip.AddrPort
	rtcp   netip.AddrPort
	codecs []Codec // that this package knows, in the peer's order
	event  uint8
	ptime  int
	dir    direction // as the peer says it
}

// findAudio reads the first audio line that can be used with one of want. The error
// is about the last line that could not.
func (o *outline) findAudio(want []Codec) (audio, Codec, error) {
	err := fmt.Errorf("%w: no audio over RTP/AVP", ErrNoCodec)
	for i, s := range o.media {
		if s.name != "audio" || s.proto != "RTP/AVP" || s.port == "0" {
			continue
		}
		a, e := o.readAudio(i)
		if e == nil {
			if c, ok := a.pick(want); ok {
				return a, c, nil
			}
			e = fmt.Errorf("%w: formats %v", ErrNoCodec, s.formats)
		}
		err = e
	}
	return audio{}, Codec{}, err
}

// pick takes the first of the peer's codecs that want has.
func (a *audio) pick(want []Codec) (Codec, bool) {
	for _, c := range a.codecs {
		for _, w := range want {
			if strings.EqualFold(c.Name, w.Name) && c.Rate == w.Rate {
				return c, true
			}
		}
	}
	return Codec{}, false
}

func (o *outline) readAudio(at int) (audio, error) {
	a := audio{at: at}
	var d pion.SessionDescription
	if err := d.UnmarshalString(o.text(o.media[at])); err != nil {
		return a, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	m := d.MediaDescriptions[0]
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	ip, err := literal(c)
	if err != nil {
		return a, err
	}
	a.remote = netip.AddrPortFrom(ip, uint16(m.MediaName.Port.Value))
	if v, ok := m.Attribute("rtcp"); ok {
		a.rtcp = parseRTCP(v, ip)
	}
	a.readFormats(m)
	a.dir = directionOf(m.Attributes, directionOf(d.Attributes, direction{true, true}))
	if v, ok := m.Attribute("ptime"); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n >= 10 && n <= 200 {
			a.ptime = n
		}
	}
	return a, nil
}

func literal(c *pion.ConnectionInformation) (netip.Addr, error) {
	if c == nil || c.Address == nil {
		return netip.Addr{}, fmt.Errorf("%w: no c= line", ErrMalformed)
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	switch {
	case err != nil || ip.Zone() != "":
		return netip.Addr{}, fmt.Errorf("%w: %.80q is no IP address", ErrAddress, c.Address.Address)
	case ip.Is4() != (c.AddressType == "IP4"):
		return netip.Addr{}, fmt.Errorf("%w: %s as %s", ErrAddress, ip, c.AddressType)
	case ip.IsMulticast():
		return netip.Addr{}, fmt.Errorf("%w: %s is multicast", ErrAddress, ip)
	}
	return ip.Unmap(), nil
}

// parseRTCP reads a=rtcp (RFC 3605): a port, and perhaps an address. What cannot be
// read is as if it were absent.
func parseRTCP(v string, ip netip.Addr) netip.AddrPort {
	f := strings.Fields(v)
	if len(f) != 1 && len(f) != 4 {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil || port == 0 {
		return netip.AddrPort{}
	}
	if len(f) == 4 {
		if ip, err = netip.ParseAddr(f[3]); err != nil || ip.Zone() != "" || ip.IsMulticast() {
			return netip.AddrPort{}
		}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port))
}

// readFormats resolves payload types: by rtpmap, else by the static table of RFC
// 3551. telephone-event counts only at the clock of the codecs (RFC 4733 §2.5.1.2).
func (a *audio) readFormats(m *pion.MediaDescription) {
	maps := make(map[string]string)
	for _, at := range m.Attributes {
		if at.Key == "rtpmap" {
			if pt, enc, ok := strings.Cut(strings.TrimSpace(at.Value), " "); ok {
				maps[pt] = strings.TrimSpace(enc)
			}
		}
	}
	for _, f := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		name, rate := resolve(uint8(pt), maps[f])
		if strings.EqualFold(name, "telephone-event") && rate == 8000 && a.event == 0 {
			a.event = uint8(pt)
		}
		for _, k := range known {
			if strings.EqualFold(k.Name, name) && k.Rate == rate {
				a.codecs = append(a.codecs, Codec{Name: k.Name, Type: uint8(pt), Rate: rate})
			}
		}
	}
}

func resolve(pt uint8, enc string) (string, int) {
	if enc == "" {
		for _, k := range known {
			if k.Type == pt {
				return k.Name, k.Rate
			}
		}
		return "", 0
	}
	f := strings.Split(enc, "/")
	if len(f) < 2 || len(f) > 2 && f[2] != "1" {
		return "", 0
	}
	rate, err := strconv.Atoi(f[1])
	if err != nil {
		return "", 0
	}
	return f[0], rate
}

func directionOf(attrs []pion.Attribute, d direction) direction {
	for _, a := range attrs {
		switch a.Key {
		case "sendrecv":
			d = direction{true, true}
		case "sendonly":
			d = direction{send: true}
		case "recvonly":
			d = direction{receive: true}
		case "inactive":
			d = direction{}
		}
	}
	return d
}

func (d direction) String() string {
	switch {
	case d.send && d.receive:
		return "sendrecv"
	case d.send:
		return "sendonly"
	case d.receive:
		return "recvonly"
	}
	return "inactive"
}
