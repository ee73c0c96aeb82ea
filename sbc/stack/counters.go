package stack

import "sync/atomic"

// reason says why a frame was dropped, or not sent.
type reason int

const none reason = -1

const (
	dropEther reason = iota
	dropVLAN
	dropProtocol
	dropMAC
	dropIP
	dropIPChecksum
	dropAddress
	dropSource
	dropUDP
	dropUDPChecksum
	dropPort
	dropICMP
	dropARP
	dropNDP
	dropFragmentOverlap
	dropFragmentSize
	dropFragmentLate
	dropFragmentFull
	dropNotOurs
	dropNoRoute
	dropNeighbour
	dropNeighboursFull
	dropTooLong
	dropRate
	reasons
)

func (r reason) String() string {
	return [reasons]string{
		dropEther:           "ethernet",
		dropVLAN:            "vlan",
		dropProtocol:        "protocol",
		dropMAC:             "mac", // to our address by another MAC
		dropIP:              "ip",
		dropIPChecksum:      "ip_checksum",
		dropAddress:         "address", // not ours
		dropSource:          "source",
		dropUDP:             "udp",
		dropUDPChecksum:     "udp_checksum",
		dropPort:            "port",
		dropICMP:            "icmp",
		dropARP:             "arp",
		dropNDP:             "ndp",
		dropFragmentOverlap: "fragment_overlap",
		dropFragmentSize:    "fragment_size",
		dropFragmentLate:    "fragment_late",
		dropFragmentFull:    "fragment_full",
		dropNotOurs:         "not_ours", // to be sent from an address that we do not own
		dropNoRoute:         "no_route",
		dropNeighbour:       "neighbour", // has not answered yet
		dropNeighboursFull:  "neighbours_full",
		dropTooLong:         "too_long",
		dropRate:            "rate", // an ICMP error too many
	}[r]
}

type tally struct{ dropped [reasons]atomic.Uint64 }

func (t *tally) drop(r reason) { t.dropped[r].Add(1) }

// Counter is one figure of Counters.
type Counter struct {
	Reason string
	Value  uint64
}

// Counters may be called from any goroutine. Reasons that never occurred are left out.
func (s *Stack) Counters() []Counter {
	var cs []Counter
	for i := range reasons {
		if n := s.tally.dropped[i].Load(); n > 0 {
			cs = append(cs, Counter{i.String(), n})
		}
	}
	return cs
}
