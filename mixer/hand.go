package mixer

import (
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/room"
)

// hand is what a goroutine of the tick works with: memory for what lasts a room or less.
// It is used again for each and so stays in the nearest cache.
type hand struct {
	t *ticker
	k *kernel.Kernels

	prompt  []int16 // a frame of a prompt, or of a room's mix
	silence []int16 // nobody writes it
	heard   [3][]int16
	scratch *room.Scratch
}

func newHand(t *ticker) *hand {
	n := room.Frame(48000)
	h := &hand{
		t: t, k: t.k, prompt: make([]int16, n), silence: make([]int16, n), scratch: room.NewScratch(),
	}
	for i := range h.heard {
		h.heard[i] = make([]int16, n)
	}
	return h
}
