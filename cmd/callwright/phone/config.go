package phone

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
)

// Errors that tell what a call did not do; a Report comes with each of them.
var (
	ErrConfig      = errors.New("phone: cannot be used so")
	ErrNotAnswered = errors.New("phone: not answered")
	ErrNotHeard    = errors.New("phone: tone not heard")
	ErrDigits      = errors.New("phone: digits not sent")
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = 160
	sampleRate   = 8000

	longestCall   = time.Hour
	expectLimit   = 30 * time.Second       // for a tone, when no duration is given
	digitsDelay   = 500 * time.Millisecond // after the answer
	farewellLimit = 2 * time.Second        // for the answer to our last request
)

// Config is a call to place, or to wait for. RTP must be set; to place one URI, and SIP
// with Hop or else Stream; to wait for one SIP.
type Config struct {
	URI    string         // "sip:5000@127.0.0.1:5060"
	SIP    net.PacketConn // for SIP over UDP
	Hop    netip.AddrPort // where to send it
	Stream net.Conn       // for SIP over TCP: a connection to the next hop
	RTP    net.PacketConn // our media address is its LocalAddr
	From   string         // URI, or a user name; "": "callwright"
	User   string         // digest credentials (RFC 8760); "": none
	// Password goes with User.
	Password string
	Codec    string // "PCMU" or "PCMA"; "": both are offered, PCMU first
	Seed     [32]byte

	// Digits are sent as telephone-events half a second after the answer; a comma
	// is a pause of one second. Press takes further ones at any time.
	Digits string
	Press  <-chan string
	// Hold puts the call on hold by a re-INVITE, or ends that (false).
	Hold <-chan bool
	// Ring is how long a phone that waits for a call rings before it answers, and Early
	// whether what it says is heard meanwhile. Refuse is the status it refuses with
	// instead; 0: it answers.
	Ring   time.Duration
	Early  bool
	Refuse int
	// Decide, where it is not nil, ends the ringing in place of Ring: 200 answers the
	// call, another status refuses it.
	Decide <-chan int
	// Duration is when to hang up after the answer. 0: when the other side does,
	// with Expect when it was heard (or not, for 30 s), and after an hour in any case.
	Duration time.Duration
	// Expect is the frequency in Hz of a tone that must be heard: it must make up
	// most of what is heard for 200 ms. 0: none.
	Expect float64

	// Speak fills the next 160 samples to be sent; nil: silence. Heard takes what
	// is heard and keeps no reference. Mark is told of milestones as they come. All
	// are called on Dial's goroutine.
	Speak func(frame []int16)
	Heard func(frame []int16)
	Mark  func(Milestone)
	// Quiet is asked before each frame whether there is nothing to say. Then none is
	// sent, and the phone's clock rests until Wake or Press: a phone of a test that
	// waits for an hour costs nothing. Nil: silence is sent as any phone sends it.
	Quiet func() bool
	Wake  <-chan struct{}
}

func (c *Config) check(listens bool) error {
	switch {
	case listens && (c.SIP == nil || c.RTP == nil):
		return fmt.Errorf("%w: SIP and RTP are needed", ErrConfig)
	case !listens && (c.URI == "" || c.RTP == nil || (c.SIP == nil) == (c.Stream == nil)):
		return fmt.Errorf("%w: URI, RTP, and one of SIP and Stream are needed", ErrConfig)
	case c.Refuse != 0 && (c.Refuse < 300 || c.Refuse > 699):
		return fmt.Errorf("%w: %d is no status from 300 to 699", ErrConfig, c.Refuse)
	case c.Codec != "" && c.Codec != "PCMU" && c.Codec != "PCMA":
		return fmt.Errorf("%w: codec %q; PCMU and PCMA are there", ErrConfig, c.Codec)
	case c.Expect < 0 || c.Expect >= sampleRate/2:
		return fmt.Errorf("%w: a tone of %g Hz cannot be in audio of %d Hz", ErrConfig, c.Expect, sampleRate)
	case c.Duration < 0:
		return fmt.Errorf("%w: a duration of %v", ErrConfig, c.Duration)
	}
	_, err := parseDigits(c.Digits)
	return err
}

// flow is the way our requests go.
func (c *Config) flow() call.Flow {
	if c.Stream != nil {
		return call.Flow{Transport: "tcp", Local: c.Stream.LocalAddr().String(), Remote: c.Stream.RemoteAddr().String()}
	}
	return call.Flow{Transport: "udp", Local: c.SIP.LocalAddr().String(), Remote: c.Hop.String()}
}

// close closes whatever of the sockets is there.
func (c *Config) close() {
	if c.SIP != nil {
		c.SIP.Close()
	}
	if c.Stream != nil {
		c.Stream.Close()
	}
	if c.RTP != nil {
		c.RTP.Close()
	}
}

// codecs are the ones to offer; none means the SDP package's own.
func (c *Config) codecs() []sdp.Codec {
	switch c.Codec {
	case "PCMU":
		return []sdp.Codec{{Name: "PCMU", Type: 0, Rate: sampleRate}}
	case "PCMA":
		return []sdp.Codec{{Name: "PCMA", Type: 8, Rate: sampleRate}}
	}
	return nil
}

func (c *Config) from(local string) call.Party {
	switch {
	case c.From == "":
		return call.Party{URI: "sip:callwright@" + local}
	case strings.Contains(c.From, ":"):
		return call.Party{URI: c.From}
	}
	return call.Party{URI: "sip:" + c.From + "@" + local}
}

// limit is when to hang up after the answer if nothing else ends the call.
func (c *Config) limit() time.Duration {
	switch {
	case c.Duration > 0:
		return c.Duration
	case c.Expect > 0:
		return expectLimit
	}
	return longestCall
}
