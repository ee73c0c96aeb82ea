package stack

import (
	"encoding/binary"
	"net/netip"
)

const (
	arpSize    = 28
	arpRequest = 1
	arpReply   = 2
)

// asking is what ARP and neighbour discovery have in common.
type asking struct {
	request  bool
	sender   netip.Addr // unspecified: a probe
	mac      MAC        // of the sender; zero: not told
	target   netip.Addr
	override bool // an answer that may replace a known MAC
}

// parseARP reads an Ethernet and IPv4 one (RFC 826).
func parseARP(b []byte) (a asking, ok bool) {
	if len(b) < arpSize || binary.BigEndian.Uint32(b) != 1<<16|typeIPv4 || b[4] != 6 || b[5] != 4 {
		return a, false
	}
	op := binary.BigEndian.Uint16(b[6:])
	a = asking{request: op == arpRequest, sender: netip.AddrFrom4([4]byte(b[14:])), mac: MAC(b[8:14]),
		target: netip.AddrFrom4([4]byte(b[24:])), override: true}
	return a, (op == arpRequest || op == arpReply) && !a.mac.group() && a.mac != MAC{}
}

// putARP writes a whole frame and returns its size.
func putARP(b []byte, vlan uint16, to MAC, op uint16, mac MAC, sender netip.Addr, targetMAC MAC, target netip.Addr) int {
	n := putEther(b, to, mac, vlan, typeARP)
	s, t := sender.As4(), target.As4()
	binary.BigEndian.PutUint32(b[n:], 1<<16|typeIPv4)
	b[n+4], b[n+5] = 6, 4
	binary.BigEndian.PutUint16(b[n+6:], op)
	copy(b[n+8:], mac[:])
	copy(b[n+14:], s[:])
	copy(b[n+18:], targetMAC[:])
	copy(b[n+24:], t[:])
	clear(b[n+arpSize : etherMin+vlanSize])
	return max(n+arpSize, etherMin)
}
