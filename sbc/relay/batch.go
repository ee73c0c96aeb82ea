package relay

import (
	"net/netip"
	"sync/atomic"

	"github.com/callwright/callwright/sbc/link"
)

const (
	batchSize = 64
	slotSize  = link.MaxData + 4
)

// batch gathers datagrams of one goroutine for the link. What it holds must be
// flushed before that goroutine waits.
type batch struct {
	link    link.Link
	sent    *atomic.Uint64
	packets []link.Packet
	slab    []byte
}

func newBatch(l link.Link, sent *atomic.Uint64) batch {
	return batch{link: l, sent: sent, packets: make([]link.Packet, 0, batchSize), slab: make([]byte, batchSize*slotSize)}
}

// next gives the memory of a further datagram; add takes it into the batch.
func (b *batch) next() []byte {
	if len(b.packets) == batchSize {
		b.flush()
	}
	i := len(b.packets)
	return b.slab[i*slotSize : (i+1)*slotSize : (i+1)*slotSize]
}

func (b *batch) add(data []byte, port uint16, to netip.AddrPort) {
	b.packets = append(b.packets, link.Packet{Data: data, Port: port, Remote: to})
}

// flush sends. A closed link ends the goroutine by its own Recv, not here.
func (b *batch) flush() {
	if len(b.packets) == 0 {
		return
	}
	n, _ := b.link.Send(b.packets)
	b.sent.Add(uint64(n))
	b.packets = b.packets[:0]
}
