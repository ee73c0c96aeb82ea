package vip

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// announcing says when the next announcement is due: RFC 5227 §2.3 wants them repeated,
// and a switch forgets a silent address in minutes.
type announcing struct {
	next  time.Time
	count int
}

func (a *announcing) begin() { a.count, a.next = 0, time.Now().Add(100*time.Millisecond) }

func (a *announcing) wait() time.Duration { return max(time.Millisecond, time.Until(a.next)) }

func (a *announcing) due() bool {
	if time.Now().Before(a.next) {
		return false
	}
	after := time.Minute
	if a.count == 0 {
		after = 900 * time.Millisecond
	}
	a.count++
	a.next = time.Now().Add(after)
	return true
}

// announce tells the network where the address is.
func (o *Owner) announce() {
	for _, frame := range announcements(o.mac, o.cfg.Prefix.Addr()) {
		if err := o.send(frame); err != nil {
			o.cfg.Line(fmt.Sprintf("virtual IP %s not announced: %v", o.cfg.Prefix, err))
			return
		}
	}
}

// announcements are whole Ethernet frames: for IPv4 both forms of ARP, for some hosts
// hear only one of them; for IPv6 a neighbour advertisement.
func announcements(mac net.HardwareAddr, addr netip.Addr) [][]byte {
	if addr.Is4() {
		return [][]byte{arp(mac, addr, 1), arp(mac, addr, 2)}
	}
	return [][]byte{advertisement(mac, addr)}
}

// arp has the address as sender and target (RFC 5227 §2.3; RFC 826).
func arp(mac net.HardwareAddr, addr netip.Addr, operation uint16) []byte {
	ip := addr.As4()
	b := make([]byte, 0, 42)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, mac...)
	b = append(b, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4) // Ethernet, IPv4, their lengths
	b = binary.BigEndian.AppendUint16(b, operation)
	b = append(b, mac...)
	b = append(b, ip[:]...)
	target := make([]byte, 6)
	if operation == 2 {
		target = mac
	}
	b = append(b, target...)
	return append(b, ip[:]...)
}

// advertisement is an unsolicited one with Override (RFC 4861 §4.4, §7.2.6).
func advertisement(mac net.HardwareAddr, addr netip.Addr) []byte {
	all := netip.MustParseAddr("ff02::1").As16()
	ip := addr.As16()
	icmp := []byte{136, 0, 0, 0, 0x20, 0, 0, 0}
	icmp = append(icmp, ip[:]...)
	icmp = append(icmp, 2, 1) // target's link-layer address, 8 bytes
	icmp = append(icmp, mac...)
	binary.BigEndian.PutUint16(icmp[2:], checksum(ip, all, icmp))
	b := append([]byte{0x33, 0x33, 0, 0, 0, 1}, mac...)
	b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0, 0, byte(len(icmp)), 58, 255)
	b = append(b, ip[:]...)
	b = append(b, all[:]...)
	return append(b, icmp...)
}

// checksum is ICMPv6's, with the pseudo-header (RFC 8200 §8.1).
func checksum(from, to [16]byte, icmp []byte) uint16 {
	text := append(append(append([]byte{}, from[:]...), to[:]...), 0, 0, 0, byte(len(icmp)), 0, 0, 0, 58)
	text = append(text, icmp...)
	sum := uint32(0)
	for i := 0; i < len(text); i += 2 {
		sum += uint32(text[i])<<8 | uint32(text[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

func (o *Owner) send(frame []byte) error {
	link, err := net.InterfaceByName(o.name)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index, Halen: 6})
}

// tune lets the link answer for the address, and only it: the device beneath is on the
// same network and would answer with its own MAC; and packets from that network come
// in here while its route leads there.
func (o *Owner) tune() error {
	if !o.cfg.Prefix.Addr().Is4() {
		return nil
	}
	for _, s := range []struct{ dev, key, value string }{
		{o.cfg.Dev, "arp_ignore", "1"}, {o.cfg.Dev, "arp_announce", "2"},
		{o.name, "arp_ignore", "1"}, {o.name, "rp_filter", "2"},
	} {
		file := filepath.Join("/proc/sys/net/ipv4/conf", s.dev, s.key)
		if err := os.WriteFile(file, []byte(s.value), 0); err != nil {
			return fmt.Errorf("vip: %w", err)
		}
	}
	return nil
}
