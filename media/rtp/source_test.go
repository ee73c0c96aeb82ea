package rtp

import "testing"

func TestSequenceIsExtendedOverTheWrap(t *testing.T) {
	for _, start := range []uint16{0, 1, 32000, 65000, 65535} {
		var s Source
		first, _ := s.Update(start)
		for i := uint64(1); i < 200000; i++ {
			got, valid := s.Update(start + uint16(i))
			if !valid || got != first+i {
				t.Fatalf("from %d, packet %d: %d, %v; want %d", start, i, got, valid, first+i)
			}
		}
		if s.Lost() != 0 || s.Expected() != 200000 {
			t.Errorf("from %d: expected %d, lost %d", start, s.Expected(), s.Lost())
		}
	}
}

func TestLateLostAndDoubledPackets(t *testing.T) {
	var s Source
	first, _ := s.Update(65530)
	for _, c := range []struct {
		seq  uint16
		want uint64
	}{{65531, 1}, {65535, 5}, {2, 8}, {65533, 3}, {0, 6}, {2, 8}, {65534, 4}} {
		if got, valid := s.Update(c.seq); !valid || got != first+c.want {
			t.Errorf("%d: %d, %v; want %d", c.seq, got-first, valid, c.want)
		}
	}
	if s.Expected() != 9 || s.Lost() != 1 { // two missing, one twice
		t.Errorf("expected %d, lost %d", s.Expected(), s.Lost())
	}
	if f := s.FractionLost(); f != 256/9 {
		t.Errorf("fraction %d", f)
	}
	s.Update(3)
	if f := s.FractionLost(); f != 0 {
		t.Errorf("fraction of the next interval %d", f)
	}
}

func TestJumpNeedsASuccessor(t *testing.T) {
	var s Source
	s.Update(10)
	s.Update(11)
	if _, valid := s.Update(30000); valid {
		t.Error("a lone jump is valid")
	}
	if _, valid := s.Update(12); !valid {
		t.Error("the old sequence is no longer valid")
	}
	if _, valid := s.Update(30001); valid {
		t.Error("a jump is valid because of one long before")
	}
	before, _ := s.Update(13)
	s.Update(40000)
	after, valid := s.Update(40001)
	if !valid || after <= before {
		t.Errorf("after a jump with successor: %d, %v; before %d", after, valid, before)
	}
	if s.Lost() != 0 {
		t.Errorf("a new start lost %d", s.Lost())
	}
}

func TestJitter(t *testing.T) {
	var s Source
	at := uint32(1 << 31)
	for i := range uint32(200) {
		s.Timing(i*160+1<<31+5000, at+i*160) // perfect clock, any offset
	}
	if s.Jitter() != 0 {
		t.Errorf("jitter of a perfect clock %d", s.Jitter())
	}
	for i := range uint32(2000) {
		s.Timing(i*160, i*160+i%2*80) // each packet 80 units off its neighbours
	}
	if j := s.Jitter(); j < 75 || j > 80 {
		t.Errorf("jitter %d, want about 80", j)
	}
}
