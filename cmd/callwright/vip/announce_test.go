package vip

import (
	"encoding/hex"
	"net/netip"
	"testing"
)

// The frames, written out by hand from the RFCs.
func TestFrames(t *testing.T) {
	mac := MAC(netip.MustParseAddr("10.0.0.1"))
	m := hex.EncodeToString(mac)
	four := announcements(mac, netip.MustParseAddr("10.0.0.1"))
	for i, want := range []string{
		"ffffffffffff" + m + "0806" + "0001080006040001" + m + "0a000001" + "000000000000" + "0a000001",
		"ffffffffffff" + m + "0806" + "0001080006040002" + m + "0a000001" + m + "0a000001",
	} {
		if got := hex.EncodeToString(four[i]); got != want {
			t.Errorf("ARP:\n%s, want\n%s", got, want)
		}
	}
	six := announcements(mac, netip.MustParseAddr("fd00::1"))[0]
	// A right checksum makes the sum over pseudo-header and message zero.
	from, to := netip.MustParseAddr("fd00::1").As16(), netip.MustParseAddr("ff02::1").As16()
	if len(six) != 14+40+32 || checksum(from, to, six[54:]) != 0 {
		t.Errorf("neighbour advertisement: %d bytes, %x", len(six), six)
	}
}

func TestNamesAreTheAddresss(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	if MAC(a).String() == MAC(b).String() || LinkName(a) == LinkName(b) || len(LinkName(a)) > 15 {
		t.Errorf("%v %v %s %s", MAC(a), MAC(b), LinkName(a), LinkName(b))
	}
	if MAC(a)[0]&3 != 2 {
		t.Error("not a locally administered unicast address")
	}
}
