package playout

import "sync/atomic"

// Counters of what became of packets and frames, since the start.
type Counters struct {
	Late      atomic.Uint64 // packets whose time had passed
	Early     atomic.Uint64 // packets too far ahead, or too long
	Doubled   atomic.Uint64 // packets of which all was there already
	Lost      atomic.Uint64 // frames with a gap, though later sound was there
	Concealed atomic.Uint64 // frames with anything made up
	Skipped   atomic.Uint64 // frames left out to catch up
	Restarted atomic.Uint64 // talkspurts begun
}

// Frames and spans a Buffer holds.
const (
	holdMS    = 500 // how far ahead of the playout a packet may be
	maxSpans  = 8   // pieces with gaps between them
	fadeMS    = 60
	idleAfter = 4  // frames without sound after which a stream begins anew
	watch     = 50 // frames over which the least fill is taken

	// A frame played is kept to conceal with; room is how many frames of samples may
	// lie before those ahead until they are moved.
	room   = 8
	near   = 6 // frames that a stream on time needs
	seldom = 2 // frames that pass until what is ahead is moved
)

type span struct{ from, to uint32 }

// Buffer is one member's playout. It may be moved before its first use.
type Buffer struct {
	frame int // samples a tick
	depth int // samples of delay
	count *Counters

	// samples lie by timestamp from origin on, without a seam. What is left is moved to
	// the front again and again, so that a stream on time touches the same few cache
	// lines every tick: with thousands of members memory is what a tick waits for. They
	// lie in near, two kilobytes, or in far while they do not fit there. What nobody has
	// ever touched of far is no memory, and near ones lie together on few pages.
	samples   []int16
	near, far []int16
	origin    uint32
	spans     [maxSpans]span
	n         int // of spans, in order, apart from each other

	running bool
	play    uint32 // timestamp of the next sample to play
	newest  uint16 // sequence number
	fade    int    // samples of concealment left before silence
	idle    int    // frames without sound
	least   int    // fill seen in this watch
	watched int
}

// New makes a buffer for frames of that many samples, playing depth samples behind.
func New(frame, depth int, count *Counters) *Buffer {
	b := &Buffer{frame: frame, depth: depth, count: count,
		near: make([]int16, near*frame), far: make([]int16, frame*(holdMS/20*2+room))}
	b.samples = b.near
	return b
}

// Put stores a packet's samples.
func (b *Buffer) Put(timestamp uint32, seq uint16, in []int16) {
	hold := b.frame * holdMS / 20
	if len(in) == 0 || len(in) > hold {
		b.count.Early.Add(1)
		return
	}
	if !b.running || b.idle >= idleAfter {
		b.start(timestamp, seq)
	}
	b.settle()
	ahead := int(int32(timestamp - b.play))
	switch {
	case ahead > hold:
		b.count.Early.Add(1)
		return
	case ahead < 0 && ahead >= -hold && b.n == 0 && int16(seq-b.newest) > 0:
		b.count.Late.Add(1)
		b.goBack(timestamp) // the stream has fallen behind: wait for it from now on
		ahead = 0
	case ahead+len(in) <= 0:
		b.count.Late.Add(1)
		return
	}
	if int16(seq-b.newest) > 0 {
		b.newest = seq
	}
	if ahead < 0 {
		in, timestamp = in[-ahead:], b.play
	}
	b.store(timestamp, in)
}

func (b *Buffer) start(timestamp uint32, seq uint16) {
	b.count.Restarted.Add(1)
	b.running, b.n, b.idle, b.fade = true, 0, 0, 0
	b.play = timestamp - uint32(b.depth)
	b.origin = b.play - uint32(b.frame)
	b.samples = b.near
	clear(b.samples[:b.frame])
	b.newest = seq
	b.least, b.watched = 1<<30, 0
}

func (b *Buffer) store(from uint32, in []int16) {
	to := from + uint32(len(in))
	for _, s := range b.spans[:b.n] {
		if int32(from-s.from) >= 0 && int32(s.to-to) >= 0 {
			b.count.Doubled.Add(1)
			return
		}
	}
	if !b.insert(span{from, to}) {
		b.count.Early.Add(1)
		return
	}
	if at := int(from - b.origin); at+len(in) > len(b.samples) {
		copy(b.far, b.samples)
		b.samples = b.far
	}
	copy(b.samples[from-b.origin:], in)
}

// goBack plays from an earlier time on. Nothing lies ahead; the frame last played stays
// to conceal with.
func (b *Buffer) goBack(to uint32) {
	copy(b.samples, b.samples[b.play-uint32(b.frame)-b.origin:][:b.frame])
	b.play, b.origin = to, to-uint32(b.frame)
}

// settle moves what is still of use to the front: the frame last played, and all ahead.
// Much is moved only when there would be no room for another packet, and little only every
// few frames. It comes before anything else, so that the frame given last stays in place.
func (b *Buffer) settle() {
	first, end := b.play-uint32(b.frame), b.play
	if b.n > 0 {
		end = b.spans[b.n-1].to
	}
	shift, used := int(first-b.origin), int(end-first)
	if shift < seldom*b.frame || used > 3*b.frame && shift <= (room-2)*b.frame {
		return
	}
	if shift+used <= len(b.samples) {
		to := b.samples
		if used <= (near-3)*b.frame {
			to = b.near
		}
		copy(to, b.samples[shift:shift+used])
		b.samples = to
	} else { // ticks were left out, far beyond what is here
		clear(b.samples[:b.frame])
		b.n = 0
	}
	b.origin = first
}

// insert joins s with those it touches; false if there are too many pieces.
func (b *Buffer) insert(s span) bool {
	i := 0
	for i < b.n && int32(s.from-b.spans[i].to) > 0 {
		i++
	}
	j := i
	for j < b.n && int32(b.spans[j].from-s.to) <= 0 {
		s.from = earlier(s.from, b.spans[j].from)
		s.to = later(s.to, b.spans[j].to)
		j++
	}
	if j == i && b.n == maxSpans {
		return false
	}
	tail := copy(b.spans[i+1:], b.spans[j:b.n:maxSpans])
	b.spans[i] = s
	b.n = i + 1 + tail
	return true
}

func earlier(a, b uint32) uint32 {
	if int32(a-b) < 0 {
		return a
	}
	return b
}

func later(a, b uint32) uint32 {
	if int32(a-b) > 0 {
		return a
	}
	return b
}

// Skip passes over ticks that did not run.
func (b *Buffer) Skip(frames int) {
	if b.running {
		b.play += uint32(frames * b.frame)
		b.forget()
		b.settle()
	}
}

// forget drops the spans before the playout.
func (b *Buffer) forget() {
	k := 0
	for k < b.n && int32(b.spans[k].to-b.play) <= 0 {
		k++
	}
	b.n = copy(b.spans[:], b.spans[k:b.n])
	if b.n > 0 && int32(b.spans[0].from-b.play) < 0 {
		b.spans[0].from = b.play
	}
}
