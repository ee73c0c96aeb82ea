package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// An engine that stops between its 200 and the caller's ACK waits for that: only then may
// the BYE follow (RFC 3261 §15), and without it the caller is left with a dead call.
func TestStopWaitsForTheACK(t *testing.T) {
	inWorld(t, map[string]string{"main.js": answersWithTone}, func(w *world) {
		sip, rtp, hop, err := w.Sockets()
		if err != nil {
			t.Fatal(err)
		}
		defer sip.Close()
		defer rtp.Close()
		p := &slowPeer{t: t, sip: sip, to: net.UDPAddrFromAddrPort(hop), dialog: "To: <sip:1@10.0.0.1>"}
		sdp := "v=0\r\no=- 1 1 IN IP4 10.0.0.11\r\ns=-\r\nc=IN IP4 10.0.0.11\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		p.send("INVITE", fmt.Sprintf("Contact: <sip:a@%v>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", sip.LocalAddr(), len(sdp), sdp))
		ok := p.until("SIP/2.0 200")
		for line := range strings.SplitSeq(ok, "\r\n") {
			if strings.HasPrefix(line, "To:") {
				p.dialog = line
			}
		}
		stopped := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), hangupTime)
			defer cancel()
			stopped <- w.brain.engine.Stop(ctx)
		}()
		time.Sleep(time.Second) // a slow caller
		select {
		case err := <-stopped:
			t.Fatalf("the engine has not waited: %v", err)
		default:
		}
		p.send("ACK", "Content-Length: 0\r\n\r\n")
		bye := p.until("BYE ")
		head, _, _ := strings.Cut(bye, "\r\n\r\n")
		_, rest, _ := strings.Cut(head, "\r\n")
		sip.WriteTo([]byte("SIP/2.0 200 OK\r\n"+rest+"\r\n\r\n"), p.to)
		if err := <-stopped; err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// slowPeer is a caller whose messages are written by hand.
type slowPeer struct {
	t      *testing.T
	sip    net.PacketConn
	to     net.Addr
	dialog string // To, with the engine's tag once there is one
}

func (p *slowPeer) send(method, rest string) {
	head := fmt.Sprintf("%s sip:1@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %v;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:a@10.0.0.11>;tag=1\r\n%s\r\nCall-ID: slow\r\nCSeq: 1 %s\r\n",
		method, p.sip.LocalAddr(), method, p.dialog, method)
	if _, err := p.sip.WriteTo([]byte(head+rest), p.to); err != nil {
		p.t.Fatal(err)
	}
}

// until reads messages up to one that begins so.
func (p *slowPeer) until(start string) string {
	p.t.Helper()
	b := make([]byte, 4096)
	for {
		p.sip.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := p.sip.ReadFrom(b)
		if err != nil {
			p.t.Fatalf("no %s: %v", start, err)
		}
		if strings.HasPrefix(string(b[:n]), start) {
			return string(b[:n])
		}
	}
}
