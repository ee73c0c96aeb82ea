package engine

import (
	"strings"
	"time"

	"github.com/callwright/callwright/engine/parcel"
)

// settling is a parcel that is packed if nothing changes until then.
type settling struct {
	key     string
	version uint64
	at      time.Time
}

// packed is a parcel's whole, ready to be stowed in the place of its chain.
type packed struct {
	key     string
	version uint64
	sealed  []byte
}

// settleTimer wakes the shard for parcels that have settled.
type settleTimer struct{}

// settleLater has a parcel packed once nothing has changed of it for a while.
func (s *shard) settleLater(key string, k *kept) {
	st := s.stows
	if len(st.settle) == 0 {
		s.arm(settleTimer{}, settleTime)
	}
	st.settle = append(st.settle, settling{key, k.version, s.now.Add(settleTime)})
}

// settled packs what has settled, on another goroutine.
func (s *shard) settled() {
	st := s.stows
	n := 0
	for ; n < len(st.settle) && !st.settle[n].at.After(s.now); n++ {
		e := st.settle[n]
		if k := st.kept[e.key]; k != nil && k.version == e.version {
			s.packLater(e.key, k)
		}
	}
	st.settle = st.settle[n:]
	if len(st.settle) > 0 {
		s.timers.arm(settleTimer{}, st.settle[0].at, s.armed)
	}
	s.tellHeard()
}

// packLater makes a whole of a parcel. When the packer is behind it stays a chain.
func (s *shard) packLater(key string, k *kept) {
	if name, is := strings.CutPrefix(key, unitKey); is && s.stows.later.units[name] {
		return // it has changed, and settles again once that is kept
	}
	parts := &s.stows.parts
	parts.Reset()
	inputs, ok := s.wholeOf(key, k, parts)
	if !ok {
		return
	}
	r := parcel.Record{Parts: parts.List(), Inputs: inputs}
	text := s.momentous(&r).Text(nil)
	version, at := k.version, s.placeOf(key, k.version+1, true)
	sealer, inbox := s.stows.sealer, s.inbox
	select {
	case s.stows.pack <- func() { inbox.put(packed{key, version, sealer.Pack(text, at)}) }:
	default:
	}
}

func (s *shard) wholeOf(key string, k *kept, parts *parcel.Parts) (inputs [][]byte, ok bool) {
	if name, is := strings.CutPrefix(key, roomKey); is {
		if ok = s.flows.FreezeRoom(parts, name); ok {
			s.freezeRoomPlace(name, parts)
		}
		return nil, ok
	}
	inputs, ok = s.flows.Freeze(parts, strings.TrimPrefix(key, unitKey), 0)
	if ok {
		for _, leg := range k.legs {
			s.freezeLeg(leg, parts)
		}
	}
	return inputs, ok
}

// packedUp stows a packed whole, unless the parcel has changed meanwhile.
func (s *shard) packedUp(p packed) {
	k := s.stows.kept[p.key]
	if k == nil || k.version != p.version || k.at == "" {
		return
	}
	k.version++
	k.pieces = 1
	s.keep(p.key, k, p.sealed, false)
}

// packAll is the packer's goroutine: it ends when the queue is closed.
func (st *stows) packAll() {
	for do := range st.pack {
		do()
	}
}
