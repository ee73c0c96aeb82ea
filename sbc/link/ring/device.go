package ring

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/stack"
)

// device is the network interface that a ring is on.
type device struct {
	name  string
	index int
	mac   stack.MAC
	mtu   int
	// holds says that the address asked for is on it, so that the kernel owns it.
	holds bool
}

// find gives the named device or, without a name, the one that an address is on, else
// one whose network it is in.
func find(name string, addr netip.Addr) (d device, err error) {
	if addr.IsLoopback() {
		return d, fmt.Errorf("%w: %v is reached within this machine only", ErrDevice, addr)
	}
	all, err := net.Interfaces()
	if err != nil {
		return d, fmt.Errorf("%w: %w", ErrDevice, err)
	}
	near := device{}
	for _, i := range all {
		if name != "" && i.Name != name {
			continue
		}
		if name == "" && len(i.HardwareAddr) != 6 {
			continue
		}
		on, in := places(i, addr)
		if len(i.HardwareAddr) != 6 {
			return d, fmt.Errorf("%w: %s is not of Ethernet's kind", ErrDevice, i.Name)
		}
		found := device{name: i.Name, index: i.Index, mac: stack.MAC(i.HardwareAddr), mtu: i.MTU, holds: on}
		if on || name != "" {
			return found, nil
		}
		if in {
			near = found
		}
	}
	switch {
	case near.name != "":
		return near, nil
	case name != "":
		return d, fmt.Errorf("%w: there is no %q", ErrDevice, name)
	}
	return d, fmt.Errorf("%w: %v is on none and in the network of none; name one", ErrDevice, addr)
}

// places says whether an address is on an interface, or in one of its networks.
func places(i net.Interface, addr netip.Addr) (on, in bool) {
	as, _ := i.Addrs()
	for _, a := range as {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		on = on || p.Addr() == addr
		in = in || p.Contains(addr)
	}
	return on, in
}

// routes are the kernel's that lead over the device, for an address's family.
func (d *device) routes(addr netip.Addr) ([]stack.Route, error) {
	family := netlink.FAMILY_V4
	if addr.Is6() {
		family = netlink.FAMILY_V6
	}
	rs, err := netlink.RouteListFiltered(family, &netlink.Route{LinkIndex: d.index, Table: unix.RT_TABLE_MAIN},
		netlink.RT_FILTER_OIF|netlink.RT_FILTER_TABLE)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("%w: routes over %s: %w", ErrDevice, d.name, err)
	}
	var routes []stack.Route
	for _, r := range rs {
		via, _ := netip.AddrFromSlice(r.Gw)
		route := stack.Route{To: netip.PrefixFrom(anywhere(family), 0), Via: via.Unmap()}
		if r.Dst != nil {
			ones, _ := r.Dst.Mask.Size()
			ip, _ := netip.AddrFromSlice(r.Dst.IP)
			route.To = netip.PrefixFrom(ip.Unmap(), ones)
		}
		routes = append(routes, route)
	}
	return routes, nil
}

func anywhere(family int) netip.Addr {
	if family == netlink.FAMILY_V4 {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}
