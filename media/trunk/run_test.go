package trunk

import (
	"bytes"
	"errors"
	"testing"
)

// runs lays frames out as a sender of Runs does.
func runs(fs []Frame) (out []Run) {
	for i := range fs {
		size := HeaderSize + len(fs[i].Payload)
		if n := len(out); n == 0 || out[n-1].Size != size || out[n-1].Peer != fs[i].Peer {
			out = append(out, Run{Peer: fs[i].Peer, Size: size})
		}
		r := &out[len(out)-1]
		b := make([]byte, size)
		fs[i].put(b)
		r.Records = append(r.Records, b...)
	}
	return out
}

func TestRunsArriveAsFramesDo(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			open := k.listen(t)
			a, b := open(), open()
			sent := frames(b.LocalAddr(), 200)
			for i := range sent[:150] { // more than one datagram's worth in a run
				sent[i].Payload = bytes.Repeat([]byte{byte(i)}, 160)
			}
			out := runs(sent)
			nowhere := out[len(out)-1]
			nowhere.Peer = loopback // port 0
			if err := a.SendRuns(append(out, nowhere)); err != nil {
				t.Fatal(err)
			}
			in := make([]Frame, 64)
			for at := 0; at < len(sent); {
				n, err := b.Recv(in)
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					if !same(&in[i], &sent[at]) {
						t.Fatalf("record %d: got %+v, sent %+v", at, in[i], sent[at])
					}
					at++
				}
			}
			if n := a.Counters(); n.Sent != 200 || n.Refused != uint64(len(nowhere.Records)/nowhere.Size) {
				t.Errorf("sender's counters %+v", n)
			}
			for _, bad := range []Run{
				{Peer: b.LocalAddr(), Size: 0, Records: make([]byte, 8)},
				{Peer: b.LocalAddr(), Size: 184, Records: make([]byte, 183)},
				{Peer: b.LocalAddr(), Size: HeaderSize + MaxPayload + 1, Records: make([]byte, HeaderSize+MaxPayload+1)},
			} {
				if err := a.SendRuns([]Run{bad}); !errors.Is(err, ErrTooLong) {
					t.Errorf("a run of %d bytes in records of %d: %v", len(bad.Records), bad.Size, err)
				}
			}
		})
	}
}
