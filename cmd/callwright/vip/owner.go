package vip

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Config says what is owned, and where.
type Config struct {
	Prefix netip.Prefix // the address, and its network's length
	Dev    string       // the device beneath
	// Clock is the time that leases are given in.
	Clock func() time.Duration
	// Line takes what an operator should read.
	Line func(string)
}

// Owner holds the address while there is a lease. Make it with New.
type Owner struct {
	cfg   Config
	name  string // of the link
	mac   net.HardwareAddr
	until atomic.Int64 // end of the lease
	wake  chan struct{}
	stop  chan struct{}
	done  chan struct{}
}

// MAC is the address's own: locally administered, the same on every machine.
func MAC(addr netip.Addr) net.HardwareAddr {
	sum := sha256.Sum256(addr.AsSlice())
	return net.HardwareAddr{0x02, 0x43, 0x57, sum[0], sum[1], sum[2]}
}

// LinkName is the macvlan of an address.
func LinkName(addr netip.Addr) string {
	mac := MAC(addr)
	return fmt.Sprintf("cw-%02x%02x%02x", mac[3], mac[4], mac[5])
}

// New takes nothing yet, and removes what a keeper that was killed has left. Errors say
// what is missing: the device, or the right.
func New(cfg Config) (*Owner, error) {
	o := &Owner{
		cfg: cfg, name: LinkName(cfg.Prefix.Addr()), mac: MAC(cfg.Prefix.Addr()),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if _, err := netlink.LinkByName(cfg.Dev); err != nil {
		return nil, fmt.Errorf("vip: device %s: %w", cfg.Dev, err)
	}
	if err := o.drop(); err != nil {
		return nil, err
	}
	// What is refused at the first take-over is refused now.
	if err := errors.Join(o.make(), o.drop()); err != nil {
		return nil, err
	}
	go o.run()
	return o, nil
}

// Lease says until when the address is ours, on Config.Clock; in the past, or negative:
// no longer. It does not block.
func (o *Owner) Lease(until int64) {
	o.until.Store(until)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Close gives the address up and waits until it is gone.
func (o *Owner) Close() {
	close(o.stop)
	<-o.done
}

// run makes and removes the link as the lease says.
func (o *Owner) run() {
	defer close(o.done)
	up := false
	var again announcing
	timer := time.NewTimer(time.Hour)
	for {
		left := time.Duration(o.until.Load()) - o.cfg.Clock()
		switch {
		case left > 0 && !up:
			up = o.take()
			again.begin()
		case left <= 0 && up:
			up = o.lose("its lease is over")
		}
		wait := time.Hour
		if up {
			wait = min(left, again.wait())
		} else if left > 0 {
			wait = 10 * time.Millisecond // it could not be made: try again
		}
		timer.Reset(wait)
		select {
		case <-o.stop:
			if up {
				o.lose("the keeper ends")
			}
			return
		case <-o.wake:
		case <-timer.C:
		}
		if up && again.due() {
			o.announce()
		}
	}
}

func (o *Owner) take() bool {
	begun := time.Now()
	if err := o.make(); err != nil {
		o.cfg.Line(fmt.Sprintf("virtual IP %s not taken: %v", o.cfg.Prefix, err))
		o.drop()
		return false
	}
	o.announce()
	o.cfg.Line(fmt.Sprintf("virtual IP %s is here, after %v", o.cfg.Prefix, time.Since(begun).Round(time.Millisecond)))
	return true
}

// lose removes the link and says whether it is still there.
func (o *Owner) lose(why string) bool {
	if err := o.drop(); err != nil {
		o.cfg.Line(fmt.Sprintf("virtual IP %s not given up: %v", o.cfg.Prefix, err))
		return true
	}
	o.cfg.Line(fmt.Sprintf("virtual IP %s given up: %s", o.cfg.Prefix, why))
	return false
}

// make creates the link with its address and brings it up.
func (o *Owner) make() error {
	parent, err := netlink.LinkByName(o.cfg.Dev)
	if err != nil {
		return fmt.Errorf("vip: device %s: %w", o.cfg.Dev, err)
	}
	link := &netlink.Macvlan{
		LinkAttrs: netlink.LinkAttrs{Name: o.name, ParentIndex: parent.Attrs().Index, HardwareAddr: o.mac},
		Mode:      netlink.MACVLAN_MODE_BRIDGE,
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("vip: macvlan %s on %s: %w", o.name, o.cfg.Dev, err)
	}
	if err := o.tune(); err != nil {
		return err
	}
	addr := o.cfg.Prefix.Addr()
	network := &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(o.cfg.Prefix.Bits(), addr.BitLen())}
	// No duplicate address detection: the lease is what says that nobody else has it.
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: network, Flags: unix.IFA_F_NODAD | unix.IFA_F_NOPREFIXROUTE}); err != nil {
		return fmt.Errorf("vip: address %s: %w", o.cfg.Prefix, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("vip: %s: %w", o.name, err)
	}
	return nil
}

func (o *Owner) drop() error {
	link, err := netlink.LinkByName(o.name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("vip: remove %s: %w", o.name, err)
	}
	return nil
}
