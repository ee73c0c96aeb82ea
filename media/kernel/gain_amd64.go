package kernel

func gainV(buf []int16, from, to Gain) {
	n := len(buf) &^ (step - 1)
	switch {
	case n == 0:
		gain(buf, from, to)
	case from != to:
		by := rampStep(from, to, len(buf))
		rampAVX2(&buf[0], int32(from)<<16, by, n)
		ramp(buf[n:], int32(from)<<16+by*int32(n), by)
	case to == Unity || to == 0:
		flatGain(buf, to)
	default:
		gainAVX2(&buf[0], int32(to), n)
		flatGain(buf[n:], to)
	}
}

func energyV(in []int16) uint64 {
	n := len(in) &^ (step - 1)
	if n == 0 {
		return energy(in)
	}
	return energyAVX2(&in[0], n) + energy(in[n:])
}

func peakV(in []int16) int {
	n := len(in) &^ (step - 1)
	if n == 0 {
		return peak(in)
	}
	return max(peakAVX2(&in[0], n), peak(in[n:]))
}
