package signal

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// called are the addresses that requests of ours have gone to. They may answer, and send
// requests within a dialog, whoever else may speak to us: a call must be able to end. A
// call of theirs is another matter.
type called struct {
	mu    sync.Mutex
	until map[netip.Addr]time.Time
}

const (
	calledLife = 12 * time.Hour // since the last request that went there
	maxCalled  = 20_000
)

func (c *called) add(a netip.Addr, now time.Time) {
	a = a.Unmap()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until == nil {
		c.until = map[netip.Addr]time.Time{}
	}
	if _, had := c.until[a]; !had && len(c.until) >= maxCalled {
		for k, t := range c.until {
			if !t.After(now) {
				delete(c.until, k)
			}
		}
		if len(c.until) >= maxCalled {
			return
		}
	}
	c.until[a] = now.Add(calledLife)
}

func (c *called) has(a netip.Addr, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until[a.Unmap()].After(now)
}

// admits says whether a source may send this message.
func (e *Edge) admits(in inlet, f *frame) bool {
	if e.config.Allow(in.from.Addr()) {
		return true
	}
	if f.ofDialog() && e.called.has(in.from.Addr(), time.Now()) {
		return true
	}
	if e.config.Admit == nil || isVersion(f.start) {
		return false
	}
	method, _, _ := strings.Cut(f.start, " ")
	return e.config.Admit(in.flow, method)
}

// ofDialog: a response, or a request to a tag of ours.
func (f *frame) ofDialog() bool {
	to, n := f.one("To")
	return isVersion(f.start) || n == 1 && strings.Contains(strings.ToLower(to), "tag")
}
