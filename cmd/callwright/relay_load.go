package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/rtp"
)

// relayReport is what the phones of `bench relay` counted.
type relayReport struct {
	Sent     uint64  `json:"sent"`
	Received uint64  `json:"received"`
	P50      float64 `json:"p50_ms"` // from one phone's socket to the other's
	P99      float64 `json:"p99_ms"`
}

// relayLoadCommand is the process that plays the phones of `bench relay`.
func relayLoadCommand() *cobra.Command {
	var streams int
	c := &cobra.Command{
		Use: "relay-load", Hidden: true, Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return relayLoad(streams, os.Stdin, c.OutOrStdout()) },
	}
	c.Flags().IntVar(&streams, "streams", 2, "phones")
	return c
}

// relayPhones are all phones at one socket.
type relayPhones struct {
	conn *net.UDPConn
	mu   sync.Mutex
	relayReport
	delays []time.Duration
}

// relayLoad reports once for each line it is told, and ends with them.
func relayLoad(streams int, told io.Reader, w io.Writer) error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(phonesAddr+":0")))
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetReadBuffer(8 << 20)
	fmt.Fprintln(w, conn.LocalAddr())
	p := &relayPhones{conn: conn}
	began := time.Now()
	go p.hear(began)
	go p.speak(streams, began)
	for asked := bufio.NewScanner(told); asked.Scan(); {
		if err := json.NewEncoder(w).Encode(p.report()); err != nil {
			return err
		}
	}
	return nil
}

func (p *relayPhones) report() relayReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.relayReport
	if len(p.delays) > 0 {
		slices.Sort(p.delays)
		r.P50, r.P99 = quantile(p.delays, 0.5), quantile(p.delays, 0.99)
	}
	p.relayReport, p.delays = relayReport{}, p.delays[:0]
	return r
}

// relayPhases is into how many bursts a packet time's packets are spread.
const relayPhases = 20

// speak sends a packet of each phone every 20 ms. Its time stands in the payload.
func (p *relayPhones) speak(streams int, began time.Time) {
	b, payload := make([]byte, 200), make([]byte, 160)
	for frame := 0; ; frame++ {
		for phase := range relayPhases {
			time.Sleep(time.Until(began.Add(time.Duration(frame*relayPhases+phase) * 20 * time.Millisecond / relayPhases)))
			sent := uint64(0)
			for i := phase; i < streams; i += relayPhases {
				binary.BigEndian.PutUint64(payload, uint64(time.Since(began)))
				q := rtp.Packet{Seq: uint16(frame), Timestamp: uint32(frame) * 160, SSRC: uint32(i + 1), Payload: payload}
				to := netip.AddrPortFrom(netip.MustParseAddr(relayAddr), uint16(relayFirstPort+2*i))
				if _, err := p.conn.WriteToUDPAddrPort(b[:q.Put(b)], to); err == nil {
					sent++
				}
			}
			p.mu.Lock()
			p.Sent += sent
			p.mu.Unlock()
		}
	}
}

func (p *relayPhones) hear(began time.Time) {
	b := make([]byte, 2000)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		var q rtp.Packet
		if q.Parse(b[:n]) != nil || q.Type != 0 || len(q.Payload) < 8 {
			continue
		}
		took := time.Since(began) - time.Duration(binary.BigEndian.Uint64(q.Payload))
		p.mu.Lock()
		p.Received++
		p.delays = append(p.delays, took)
		p.mu.Unlock()
	}
}
