package stack

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
)

// MAC is an Ethernet address.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// ParseMAC reads the usual forms of 48 bits.
func ParseMAC(text string) (MAC, error) {
	hw, err := net.ParseMAC(text)
	if err != nil || len(hw) != 6 {
		return MAC{}, fmt.Errorf("stack: %q is no MAC address of 48 bits, such as 02:00:5e:10:00:01", text)
	}
	return MAC(hw), nil
}

// group says that a MAC is broadcast or multicast; such a one answers for nobody.
func (m MAC) group() bool { return m[0]&1 != 0 }

// FloatingMAC is the locally administered MAC that goes with an address wherever it is
// owned, unless a command says otherwise.
func FloatingMAC(ip netip.Addr) MAC {
	b := ip.As16()
	return MAC{0x02, 0x43, b[12], b[13], b[14], b[15]}
}

const (
	etherSize = 14
	vlanSize  = 4
	etherMin  = 60 // without the frame check sequence

	typeIPv4  = 0x0800
	typeARP   = 0x0806
	typeVLAN  = 0x8100
	typeQinQ  = 0x88a8
	typeIPv6  = 0x86dd
	maxTags   = 2
	broadcast = 0xff
)

// ether is a frame's header; body lies in the frame.
type ether struct {
	to, from MAC
	vlan     uint16 // 0: untagged, or a priority tag
	kind     uint16
	body     []byte
}

// parseEther reads the header and its VLAN tags; the innermost one counts.
func parseEther(frame []byte) (e ether, ok bool) {
	if len(frame) < etherSize {
		return e, false
	}
	e.to, e.from = MAC(frame[0:6]), MAC(frame[6:12])
	e.kind, e.body = binary.BigEndian.Uint16(frame[12:]), frame[etherSize:]
	for tags := 0; e.kind == typeVLAN || e.kind == typeQinQ; tags++ {
		if tags == maxTags || len(e.body) < vlanSize {
			return e, false
		}
		e.vlan = binary.BigEndian.Uint16(e.body) & 0xfff
		e.kind, e.body = binary.BigEndian.Uint16(e.body[2:]), e.body[vlanSize:]
	}
	return e, true
}

// putEther writes a header and returns its size.
func putEther(b []byte, to, from MAC, vlan, kind uint16) int {
	copy(b[0:], to[:])
	copy(b[6:], from[:])
	if vlan == 0 {
		binary.BigEndian.PutUint16(b[12:], kind)
		return etherSize
	}
	binary.BigEndian.PutUint16(b[12:], typeVLAN)
	binary.BigEndian.PutUint16(b[14:], vlan)
	binary.BigEndian.PutUint16(b[16:], kind)
	return etherSize + vlanSize
}

func everyone() MAC {
	return MAC{broadcast, broadcast, broadcast, broadcast, broadcast, broadcast}
}
