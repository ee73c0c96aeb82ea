package scripttest

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/callwright/callwright/engine/resolve"
)

// Names are where the SIP URIs that scripts of one test dial lead: to the agent whose
// name is the URI's user, whatever its host name; DNS is not asked. (A URI whose host is
// an address leads there.) Its methods may be called from any goroutine.
type Names struct {
	mu sync.Mutex
	at map[string]netip.AddrPort
}

// NewNames makes one that knows nobody.
func NewNames() *Names { return &Names{at: map[string]netip.AddrPort{}} }

// put says where an agent is from now on.
func (n *Names) put(user string, at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.at[user] = at
}

// Find tells done, once and from another goroutine, where a URI leads.
func (n *Names) Find(uri string, done func([]resolve.Target, error)) {
	_, user, _ := strings.Cut(uri, ":")
	user, _, _ = strings.Cut(user, "@")
	n.mu.Lock()
	at, ok := n.at[user]
	n.mu.Unlock()
	go func() {
		if !ok {
			done(nil, fmt.Errorf("%w: no t.agent(%q) is there for %.80q", resolve.ErrName, user, uri))
			return
		}
		done([]resolve.Target{{Transport: "udp", Addr: at}}, nil)
	}()
}
