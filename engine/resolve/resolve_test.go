package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLiteral(t *testing.T) {
	for uri, want := range map[string]Target{
		"sip:bob@192.0.2.1":                      {"udp", netip.MustParseAddrPort("192.0.2.1:5060")},
		"sip:bob;x=1@192.0.2.1:5070;ob":          {"udp", netip.MustParseAddrPort("192.0.2.1:5070")},
		"sip:[2001:db8::1]":                      {"udp", netip.MustParseAddrPort("[2001:db8::1]:5060")},
		"sip:[2001:db8::1]:99;transport=TCP":     {"tcp", netip.MustParseAddrPort("[2001:db8::1]:99")},
		"sips:bob@192.0.2.1":                     {"tls", netip.MustParseAddrPort("192.0.2.1:5061")},
		"SIP:bob@192.0.2.1;transport=wss?x=a@b":  {"wss", netip.MustParseAddrPort("192.0.2.1:443")},
		"sip:bob@example.com;maddr=192.0.2.9;lr": {"udp", netip.MustParseAddrPort("192.0.2.9:5060")},
	} {
		got, ok, err := Literal(uri)
		if err != nil || !ok || got != want {
			t.Errorf("%s: %v %v %v, want %v", uri, got, ok, err, want)
		}
	}
	for _, uri := range []string{"bob", "tel:+44", "sip:", "sip:bob@", "sip:a@0.0.0.0", "sip:a@224.0.0.1", "sip:a@h:0", "sip:a@h:x", "sip:a@192.0.2.1;transport=pigeon", "sip:a@fe80::1%eth0"} {
		if got, ok, err := Literal(uri); err == nil {
			t.Errorf("%s is taken as %v (%v)", uri, got, ok)
		}
	}
	if _, ok, err := Literal("sip:bob@example.com"); ok || err != nil {
		t.Errorf("a name: %v %v", ok, err)
	}
}

// zone is a DNS of a few names; what is not in it takes for ever.
type zone struct {
	srv  map[string][]*net.SRV
	a    map[string][]netip.Addr
	asks atomic.Int32
}

func (z *zone) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if l := z.srv["_"+service+"._"+proto+"."+name]; l != nil {
		return name, l, nil
	}
	return "", nil, &net.DNSError{IsNotFound: true}
}

func (z *zone) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	z.asks.Add(1)
	if l := z.a[host]; l != nil {
		return l, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2")
		z := &zone{
			srv: map[string][]*net.SRV{"_sip._udp.example.com": {{Target: "b.example.com", Port: 5070}, {Target: "a.example.com", Port: 5060}}},
			a:   map[string][]netip.Addr{"a.example.com": {one}, "b.example.com": {two}},
		}
		r := New(z)
		find := func(uri string) (ts []Target, err error) {
			done := make(chan struct{})
			r.Find(uri, func(found []Target, e error) { ts, err = found, e; close(done) })
			<-done
			return ts, err
		}
		want := []Target{{"udp", netip.AddrPortFrom(two, 5070)}, {"udp", netip.AddrPortFrom(one, 5060)}}
		for range 2 {
			if got, err := find("sip:bob@example.com"); err != nil || !slices.Equal(got, want) {
				t.Errorf("SRV: %v, %v", got, err)
			}
		}
		if n := z.asks.Load(); n != 2 {
			t.Errorf("%d questions; the second time the answer is known", n)
		}
		if got, err := find("sip:a.example.com:7000;transport=tcp"); err != nil || !slices.Equal(got, []Target{{"tcp", netip.AddrPortFrom(one, 7000)}}) {
			t.Errorf("a name with a port: %v, %v", got, err)
		}
		began := time.Now()
		failed := make(chan error, maxAsked)
		for range maxAsked {
			r.Find("sip:nowhere.example.com", func(_ []Target, err error) { failed <- err })
		}
		if _, err := find("sip:a.example.com"); !errors.Is(err, ErrName) || time.Since(began) != 0 {
			t.Errorf("one too many: %v after %v", err, time.Since(began))
		}
		for range maxAsked {
			if err := <-failed; !errors.Is(err, ErrName) {
				t.Errorf("no answer: %v", err)
			}
		}
		if d := time.Since(began); d != patience {
			t.Errorf("a DNS that never answers was waited for %v", d)
		}
	})
}
