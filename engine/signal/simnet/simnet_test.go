package simnet

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

var here, there = netip.MustParseAddrPort("10.0.0.1:5060"), netip.MustParseAddrPort("10.0.0.2:5060")

func TestPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &Net{Loss: func(from, to netip.AddrPort, data []byte) bool { return data[0] == 'x' }}
		a, err := n.ListenPacket(here)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := n.ListenPacket(there)
		if _, err := n.ListenPacket(here); !errors.Is(err, ErrInUse) {
			t.Fatal(err)
		}
		for _, s := range []string{"1", "x", "2"} {
			if _, err := a.WriteTo([]byte(s), b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, 9)
		for _, want := range []string{"1", "2"} {
			k, from, err := b.ReadFrom(buf)
			if err != nil || string(buf[:k]) != want || from.String() != here.String() {
				t.Fatalf("%s from %v: %v", buf[:k], from, err)
			}
		}
		go func() { // a deadline moved under a reader
			time.Sleep(time.Second)
			b.SetReadDeadline(time.Now().Add(time.Second))
		}()
		start := time.Now()
		for range 2 {
			if _, _, err := b.ReadFrom(buf); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 2*time.Second {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		b.SetReadDeadline(time.Time{})
		go func() { time.Sleep(time.Second); b.Close() }()
		if _, _, err := b.ReadFrom(buf); !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
		if b, err = n.ListenPacket(there); err != nil {
			t.Fatal("the address must be free again:", err)
		}
		b.Close()
		a.Close()
	})
}

func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &Net{}
		dial := n.Dialer(here.Addr())
		if _, err := dial(t.Context(), there); !errors.Is(err, ErrUnreachable) {
			t.Fatal(err)
		}
		ln, err := n.Listen(there)
		if err != nil {
			t.Fatal(err)
		}
		near, err := dial(t.Context(), there)
		if err != nil {
			t.Fatal(err)
		}
		far, _ := ln.Accept()
		go near.Write([]byte("hello"))
		buf := make([]byte, 9)
		if k, err := far.Read(buf); err != nil || string(buf[:k]) != "hello" || far.RemoteAddr().String() != near.LocalAddr().String() {
			t.Fatalf("%s %v", buf[:k], err)
		}
		near.Close()
		go func() { time.Sleep(time.Second); ln.Close() }()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
		if _, err := dial(t.Context(), there); !errors.Is(err, ErrUnreachable) {
			t.Fatal(err)
		}
	})
}
