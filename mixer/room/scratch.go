package room

// Scratch is memory that rooms use one after another within a tick: what a room needs
// for a moment only stays in the nearest cache. One goroutine's.
type Scratch struct {
	sum   []int32
	mixed []int32 // a sum of one listener's own, with its pairs
	scrap []int16

	voices      [][]int16 // on their way into the sum
	said, heard [3][]int16
}

// NewScratch serves rooms of all rates.
func NewScratch() *Scratch {
	n := Frame(48000)
	return &Scratch{sum: make([]int32, n), mixed: make([]int32, n), scrap: make([]int16, n), voices: make([][]int16, 0, 64)}
}
