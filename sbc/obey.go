package sbc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/relay"
)

// ErrCommand is a command that says what cannot be.
var ErrCommand = errors.New("sbc: bad command")

// Obey implements control.Worker. What cannot be carried out is told as a Fault.
func (s *SBC) Obey(epoch uint64, t *control.Turn) {
	s.epoch = epoch
	for _, c := range t.GetCommands() {
		subject, err := s.obey(c)
		if err == nil {
			continue
		}
		s.cfg.Log.Warn("command refused", "command", c.Id, "subject", subject, "error", err)
		s.cfg.Reporter.Report(&control.Event{Body: &control.Event_Fault{Fault: &control.Fault{
			Command: c.Id, Subject: subject, Error: err.Error()}}})
	}
}

func (s *SBC) obey(c *control.Command) (subject string, err error) {
	switch b := c.GetBody().(type) {
	case *control.Command_Stream:
		return b.Stream.GetId(), s.put(b.Stream)
	case *control.Command_DropStream:
		s.drop(b.DropStream.GetId(), b.DropStream.GetMoved())
	case *control.Command_Digits:
		d := b.Digits
		return d.GetOp(), s.relay.Digits(d.GetOp(), d.GetStream(), d.GetDigits(), ms(d.GetDurationMs()), ms(d.GetGapMs()))
	case *control.Command_Echo:
		e := b.Echo
		return e.GetOp(), s.relay.Echo(e.GetOp(), e.GetStream(), ms(e.GetDelayMs()))
	case *control.Command_Stop:
		s.relay.Stop(b.Stop.GetOp())
	case *control.Command_Sweep:
		s.sweep()
	case *control.Command_Address:
		return b.Address.GetIp(), s.address(b.Address)
	}
	return "", nil // of a newer brain, or for a mixer: skipped
}

// address takes or gives up a floating address.
func (s *SBC) address(c *control.Address) error {
	owner, can := s.cfg.Link.(link.Owner)
	if !can {
		return fmt.Errorf("%w: address %s: this SBC's link has none of its own; it takes --link ring", ErrCommand, c.GetIp())
	}
	ip, err := netip.ParseAddr(c.GetIp())
	if err != nil {
		return fmt.Errorf("%w: address %.64q", ErrCommand, c.GetIp())
	}
	if !c.GetOwned() {
		owner.Disown(ip)
		return nil
	}
	var mac [6]byte
	if c.GetMac() != "" {
		hw, err := net.ParseMAC(c.GetMac())
		if err != nil || len(hw) != len(mac) {
			return fmt.Errorf("%w: address %v: MAC %.64q", ErrCommand, ip, c.GetMac())
		}
		mac = [6]byte(hw)
	}
	return owner.Own(ip, mac, c.GetProbe())
}

func ms(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

func (s *SBC) drop(id string, moved bool) {
	if moved {
		s.relay.Release(id)
	} else {
		s.relay.Drop(id)
	}
	delete(s.made, id)
	s.load.Store(uint32(len(s.made)))
}

func (s *SBC) put(c *control.Stream) error {
	set, err := settings(c)
	if err != nil {
		return err
	}
	if err := s.relay.Put(set); err != nil {
		return err
	}
	s.made[set.ID] = s.epoch
	s.load.Store(uint32(len(s.made)))
	return nil
}

// settings reads a Stream. Addresses are numbers: no name is resolved here.
func settings(c *control.Stream) (relay.Settings, error) {
	set := relay.Settings{
		ID: c.GetId(), Port: uint16(c.GetPort()), Type: uint8(c.GetPayloadType()), EventType: uint8(c.GetEventType()),
		Send: c.GetSend(), Receive: c.GetReceive(), SSRC: c.GetSsrc(),
		Generation: c.GetGeneration(), CNAME: c.GetCname(), Joined: c.GetJoined(),
		Sequence: uint16(c.GetSequence()), Timestamp: c.GetTimestamp(),
	}
	if set.ID == "" || c.GetPort() > 1<<16-1 || c.GetPayloadType() > 127 || c.GetEventType() > 127 {
		return set, fmt.Errorf("%w: stream %q: port %d, payload types %d and %d",
			ErrCommand, c.GetId(), c.GetPort(), c.GetPayloadType(), c.GetEventType())
	}
	if p := int(c.GetPtimeMs()); p%10 == 0 && p <= relay.MaxPtime {
		set.Ptime = p // any other is a wish we may decline: 20
	}
	switch c.GetCodec() {
	case control.Codec_PCMU:
		set.TrunkType = trunk.TypePCMU
	case control.Codec_PCMA:
		set.TrunkType = trunk.TypePCMA
	default:
		return set, fmt.Errorf("%w: stream %q: codec %v", ErrCommand, c.GetId(), c.GetCodec())
	}
	t := c.GetTrunk()
	set.TrunkSSRC, set.Token = t.GetSsrc(), t.GetToken()
	for _, a := range []struct {
		what, text string
		to         *netip.AddrPort
	}{{"remote", c.GetRemote(), &set.Remote}, {"remote_rtcp", c.GetRemoteRtcp(), &set.RemoteRTCP}, {"trunk peer", t.GetPeer(), &set.Peer}, {"latched", c.GetLatched(), &set.Latched}} {
		if a.text == "" {
			continue
		}
		at, err := netip.ParseAddrPort(a.text)
		if err != nil {
			return set, fmt.Errorf("%w: stream %q: %s %.64q", ErrCommand, c.GetId(), a.what, a.text)
		}
		*a.to = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	return set, nil
}
