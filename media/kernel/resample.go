package kernel

import "fmt"

const (
	tapBits = 14 // of fraction in a coefficient
	tapStep = 16 // rows are as long as a multiple of it: the vector unit's step
)

// Filter is a polyphase filter that changes a rate by up/down: output i is the sum of
// its row's products with the inputs from i*down/up on, the row being i*down%up. It is
// immutable and shared. Integer sums come out the same in any order.
type Filter struct {
	up, down int
	taps     int     // of each row, with zeros at its end
	rows     []int16 // up rows
}

// NewFilter makes a Filter of up rows of taps coefficients; they are rounded to 14 bits
// of fraction. It panics if a row's magnitudes add up to 3.9 or more: sums of 32 bits
// could overflow.
func NewFilter(up, down, taps int, h []float32) *Filter {
	f := &Filter{up: up, down: down, taps: (taps + tapStep - 1) / tapStep * tapStep}
	f.rows = make([]int16, up*f.taps)
	for p := range up {
		total := float32(0)
		for k, x := range h[p*taps:][:taps] {
			total += max(x, -x)
			x *= 1 << tapBits
			f.rows[p*f.taps+k] = int16(max(-32768, min(32767, x+float32(0.5)*sign(x))))
		}
		if total >= 3.9 {
			panic(fmt.Sprintf("kernel: row %d of a filter adds up to %.2f, want less than 3.9", p, total))
		}
	}
	return f
}

func sign(x float32) float32 {
	if x < 0 {
		return -1
	}
	return 1
}

// Needs is how many inputs n outputs are made of.
func (f *Filter) Needs(n int) int {
	if n == 0 {
		return 0
	}
	return (n-1)*f.down/f.up + f.taps
}

func (f *Filter) check(n int, in []int16) { _ = in[:f.Needs(n)] }

func resample(out, in []int16, f *Filter) {
	f.check(len(out), in)
	resampleFrom(out, in, f, 0)
}

// resampleFrom gives the outputs from number first on.
func resampleFrom(out, in []int16, f *Filter, first int) {
	for i := range out {
		at := (first + i) * f.down
		x, h := in[at/f.up:][:f.taps], f.rows[at%f.up*f.taps:][:f.taps]
		sum := int32(1 << (tapBits - 1))
		for k := range x {
			sum += int32(x[k]) * int32(h[k])
		}
		out[i] = clamped(sum >> tapBits)
	}
}
