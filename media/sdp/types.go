package sdp

import (
	"errors"
	"net/netip"
)

var (
	// ErrMalformed is about text that is no SDP, or beyond the limits.
	ErrMalformed = errors.New("sdp: malformed")
	// ErrNoCodec is about SDP that is sound but offers nothing we could take: SIP
	// answers it with 488.
	ErrNoCodec = errors.New("sdp: no common codec")
	// ErrAddress is about a host name, or an address of no use, where a literal one
	// is needed: SIP answers it with 488 too.
	ErrAddress = errors.New("sdp: no usable address")
)

// Local is our side of an offer or answer.
type Local struct {
	Addr    netip.AddrPort // RTP address and port
	Codecs  []Codec        // in order of preference; empty: PCMU, PCMA
	ID      uint64         // session id (o= line)
	Version uint64         // grows with each change of ours
	Hold    bool           // we put the peer on hold: sendonly, or inactive if it holds us too
}

// Codec is an audio format with its RTP numbers.
type Codec struct {
	Name string // "PCMU", "PCMA"
	Type uint8  // payload type
	Rate int    // clock rate in Hz
}

// Agreement is the outcome of offer and answer (RFC 3264): where to send, what.
type Agreement struct {
	Remote     netip.AddrPort // of RTP; the unspecified address or port 0: send nowhere
	RemoteRTCP netip.AddrPort // zero: Remote's port + 1 (RFC 3605)
	Codec      Codec          // what we send; Type as the peer wants it
	EventType  uint8          // telephone-event, 0: none
	Ptime      int            // ms, what the peer wants to get; 0: 20
	Send       bool           // we may send
	Receive    bool           // the peer may send
	Generation uint32         // grows with each agreement of the leg
}

// Held says whether the peer has put us on hold.
func (a Agreement) Held() bool { return !a.Send }
