package relay

import (
	"errors"
	"net/netip"

	"github.com/callwright/callwright/media/trunk"
)

var (
	// ErrStream: no such stream.
	ErrStream = errors.New("relay: no such stream")
	// ErrPort: a stream's port is not an even one of the slice, taken, or changed.
	ErrPort = errors.New("relay: port")
	// ErrSSRC: another stream has this SSRC on the trunk.
	ErrSSRC = errors.New("relay: trunk ssrc in use")
	// ErrFormat: a codec, payload type, packet time or digit that cannot be.
	ErrFormat = errors.New("relay: format")
)

// Settings are the target state of one stream. They are not changed after Put.
type Settings struct {
	ID         string
	Port       uint16         // ours: RTP; RTCP is the next
	Remote     netip.AddrPort // as signalled; invalid or unspecified: not known
	RemoteRTCP netip.AddrPort // invalid: Remote's port + 1
	TrunkType  uint8          // trunk.TypePCMU or trunk.TypePCMA
	Type       uint8          // RTP payload type of the same
	EventType  uint8          // of telephone-events; 0: none
	Ptime      int            // ms of what we send: 10 to 60 in tens; 0: 20
	Send       bool           // to the remote
	Receive    bool           // from the remote
	Peer       netip.AddrPort // other end of the trunk; invalid: audio goes nowhere
	TrunkSSRC  uint32
	Token      uint64
	SSRC       uint32 // of what we send
	Generation uint32
	CNAME      string
	Joined     string // the stream whose remote hears this one's; "": none
	// Where another process has left the stream; they count only when it is made. With
	// neither number it starts anywhere (RFC 3550 §5.1).
	Latched   netip.AddrPort // where its packets came from; invalid: Remote
	Sequence  uint16         // of the first packet to the remote
	Timestamp uint32         // of now
}

// clockRate of G.711 and of its telephone-events, in Hz; a payload byte is a sample.
const (
	clockRate = 8000
	perMs     = clockRate / 1000
	tickMs    = 20
)

func (s *Settings) check() error {
	switch {
	case s.TrunkType != trunk.TypePCMU && s.TrunkType != trunk.TypePCMA,
		s.Type > 127, s.EventType > 127, s.EventType != 0 && s.EventType == s.Type,
		s.Ptime < 0 || s.Ptime > MaxPtime || s.Ptime%10 != 0:
		return ErrFormat
	}
	return nil
}

// frame is the payload size of what we send.
func (s *Settings) frame() int {
	if s.Ptime == 0 {
		return tickMs * perMs
	}
	return s.Ptime * perMs
}

func usable(a netip.AddrPort) bool {
	return a.IsValid() && a.Port() != 0 && !a.Addr().IsUnspecified() && !a.Addr().IsMulticast()
}

// next is a with the following port, RTCP's by default (RFC 3550 §11).
func next(a netip.AddrPort) netip.AddrPort {
	if !usable(a) || a.Port() == 1<<16-1 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr(), a.Port()+1)
}
