package playout

// Pull gives the frame that is due, or nil: that is silence for want of packets. The
// frame lies in the buffer, to be read until the next call.
func (b *Buffer) Pull() []int16 {
	if !b.running || (b.n == 0 && b.fade == 0) {
		if b.running {
			b.idle++
			b.play += uint32(b.frame)
		}
		return nil
	}
	b.settle()
	b.catchUp()
	missing, madeUp := b.fill()
	due := b.samples[b.play-b.origin:][:b.frame]
	b.play += uint32(b.frame)
	b.forget()
	if madeUp {
		b.count.Concealed.Add(1)
		if b.n > 0 {
			b.count.Lost.Add(1)
		}
	}
	if missing == b.frame {
		b.idle++
	} else {
		b.idle = 0
	}
	return due
}

// Due is where the next frame lies, to be prefetched.
func (b *Buffer) Due() []int16 {
	at := int(b.play - b.origin)
	if at < 0 || at+b.frame > len(b.samples) {
		return nil
	}
	return b.samples[at:][:b.frame]
}

// fill makes the frame at play whole in the store. It says how many samples were not
// there, and whether any were made up from sound before (not: left silent).
func (b *Buffer) fill() (missing int, madeUp bool) {
	at, end := b.play, b.play+uint32(b.frame)
	for _, s := range b.spans[:b.n] {
		if int32(s.from-end) >= 0 {
			break
		}
		if gap := int(int32(s.from - at)); gap > 0 {
			missing, madeUp = missing+gap, madeUp || b.fade > 0
			b.conceal(at, gap)
		}
		at = s.to
		b.fade = b.frame * fadeMS / 20
	}
	if gap := int(int32(end - at)); gap > 0 {
		missing, madeUp = missing+gap, madeUp || b.fade > 0
		b.conceal(at, gap)
	}
	return missing, madeUp
}

// conceal writes n samples at from: those of a frame before, fading.
func (b *Buffer) conceal(from uint32, n int) {
	full := int32(b.frame * fadeMS / 20)
	at := int(from - b.origin)
	for i := range n {
		if b.fade == 0 {
			b.samples[at+i] = 0
			continue
		}
		b.fade--
		// The source may itself be concealed and faded: only the first frame of a gap
		// is taken at face value, later ones fade faster than a straight line.
		x := int32(b.samples[at+i-b.frame])
		b.samples[at+i] = int16(x * int32(b.fade) / full)
	}
}

// catchUp leaves out a frame, once in a watch, if even the least fill of that watch
// was a frame more than the depth needs: phones that begin with two packets at once
// would be heard 20 ms later for ever. The seam is a crossfade.
func (b *Buffer) catchUp() {
	fill := 0
	if b.n > 0 {
		fill = int(int32(b.spans[b.n-1].to - b.play))
	}
	b.least = min(b.least, fill)
	if b.watched++; b.watched < watch {
		return
	}
	spare := b.least - b.frame - b.depth
	b.least, b.watched = 1<<30, 0
	if spare < b.frame || b.n != 1 || int32(b.spans[0].from-b.play) > 0 {
		return
	}
	b.count.Skipped.Add(1)
	at := int(b.play - b.origin)
	for i := range b.frame {
		old := int32(b.samples[at+i])
		next := &b.samples[at+i+b.frame]
		*next = int16((old*int32(b.frame-i) + int32(*next)*int32(i)) / int32(b.frame))
	}
	b.play += uint32(b.frame)
	b.forget()
}
