package relay

import (
	"math/bits"
	"sync/atomic"
)

// table finds streams by local port and by trunk SSRC. Control alone writes, both
// media goroutines read; each slot is an atomic pointer, so a change costs one store
// and readers never wait.
type table struct {
	first  uint16
	ports  []atomic.Pointer[stream] // one for each pair of ports
	shift  int
	bucket []atomic.Pointer[[]ssrcEntry] // by hash of the SSRC; the lists are immutable
}

type ssrcEntry struct {
	ssrc   uint32
	stream *stream
}

func newTable(first, ports uint16) *table {
	pairs := int(ports) / 2
	size := bits.Len(uint(max(pairs, 2))) + 1 // two to four buckets a stream
	return &table{first: first, ports: make([]atomic.Pointer[stream], pairs),
		shift: 32 - size, bucket: make([]atomic.Pointer[[]ssrcEntry], 1<<size)}
}

// at finds the stream of an RTP or RTCP port.
func (t *table) at(port uint16) *stream {
	i := int(port-t.first) / 2
	if port < t.first || i >= len(t.ports) {
		return nil
	}
	return t.ports[i].Load()
}

func (t *table) hash(ssrc uint32) int { return int(ssrc * 2654435769 >> t.shift) } // Fibonacci

// carrying finds the stream of a trunk SSRC.
func (t *table) carrying(ssrc uint32) *stream {
	list := t.bucket[t.hash(ssrc)].Load()
	if list == nil {
		return nil
	}
	for _, e := range *list {
		if e.ssrc == ssrc {
			return e.stream
		}
	}
	return nil
}

// index makes s findable by its trunk SSRC, if it has a trunk.
func (t *table) index(set *Settings, s *stream) {
	if !set.Peer.IsValid() {
		return
	}
	b := &t.bucket[t.hash(set.TrunkSSRC)]
	list := []ssrcEntry{{set.TrunkSSRC, s}}
	if old := b.Load(); old != nil {
		list = append(list, *old...)
	}
	b.Store(&list)
}

func (t *table) unindex(set *Settings, s *stream) {
	if !set.Peer.IsValid() {
		return
	}
	b := &t.bucket[t.hash(set.TrunkSSRC)]
	old := b.Load()
	if old == nil {
		return
	}
	var list []ssrcEntry
	for _, e := range *old {
		if e.ssrc != set.TrunkSSRC || e.stream != s {
			list = append(list, e)
		}
	}
	b.Store(&list)
}
