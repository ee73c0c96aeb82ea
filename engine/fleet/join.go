package fleet

import "fmt"

// Pair joins the streams of two calls on one SBC, past their mixers. Either is parted
// first from whom it was joined to. ErrApart if their SBCs differ.
func (f *Fleet) Pair(a, b string, out Out) error {
	p, q := f.places[a], f.places[b]
	if p == nil || q == nil || p == q {
		return fmt.Errorf("%w: call %s or %s has no place", ErrUnknown, a, b)
	}
	if p.sbc != q.sbc {
		return ErrApart
	}
	if p.joined == b {
		return nil
	}
	f.Part(a, out)
	f.Part(b, out)
	f.setJoined(p, b, out)
	f.setJoined(q, a, out)
	return nil
}

// Part ends what Pair did; for a call that is joined to none nothing happens.
func (f *Fleet) Part(call string, out Out) {
	p := f.places[call]
	if p == nil || p.joined == "" {
		return
	}
	other := f.places[p.joined]
	f.setJoined(p, "", out)
	if other != nil {
		f.setJoined(other, "", out)
	}
}

func (f *Fleet) setJoined(p *Place, to string, out Out) {
	p.joined = to
	if p.Stream != nil {
		p.Stream.Joined = to
		f.sayStream(p, out)
	}
}
