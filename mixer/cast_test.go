package mixer_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
)

func pair(listener, speaker *phone, gain float64) *control.Pair {
	return &control.Pair{Listener: listener.id, Speaker: speaker.id, Gain: gain}
}

func TestCoachWhisperInterpreter(t *testing.T) {
	run(t, func(b *bench) {
		agent, customer, coach := b.phone("agent", control.Codec_PCMU, 500), b.phone("customer", control.Codec_PCMA, 700), b.phone("coach", control.Codec_L16_16000, 900)
		apart := b.member(coach, "r")
		apart.Apart = true
		b.obey(1, &control.Room{Id: "r", Rate: 16000, Pairs: []*control.Pair{pair(agent, coach, 1)}},
			b.member(agent, "r"), b.member(customer, "r"), apart)
		b.talk(time.Second)
		b.hears(agent, 700, 5000)
		b.hears(agent, 900, 5000)
		b.hears(customer, 500, 5000)
		b.hears(customer, 900, 0)
		b.hears(coach, 500, 5000)
		b.hears(coach, 700, 5000)
		// The coach lowers the customer, and then is a member like others.
		b.obey(1, &control.Room{Id: "r", Rate: 16000, Pairs: []*control.Pair{pair(coach, customer, .25), pair(agent, coach, math.NaN()), pair(agent, customer, -3)}})
		b.talk(time.Second)
		b.hears(coach, 700, 1250)
		b.hears(agent, 700, 0)
		b.hears(agent, 900, 5000)
		b.obey(1, &control.Room{Id: "r", Rate: 16000}, b.member(coach, "r"))
		b.talk(time.Second)
		b.hears(customer, 900, 5000)
		b.hears(coach, 700, 5000)
		b.hears(agent, 700, 5000)
	})
}

// Rooms of any rate, with members of others, also when the rate changes meanwhile.
func TestRoomsOfEveryRate(t *testing.T) {
	run(t, func(b *bench) {
		p, q := b.phone("p", control.Codec_PCMU, 500), b.phone("q", control.Codec_L16_16000, 1100)
		for i, rate := range []uint32{8000, 16000, 32000, 48000, 8000} {
			b.obey(1, &control.Room{Id: "r", Rate: rate}, b.member(p, "r"), b.member(q, "r"))
			b.talk(600 * time.Millisecond)
			b.hears(p, 1100, 5000)
			b.hears(q, 500, 5000)
			if i > 0 && len(b.faults()) > 0 {
				t.Fatal(b.faults())
			}
		}
		b.obey(1, &control.Room{Id: "r", Rate: 44100})
		if len(b.faults()) != 1 {
			t.Errorf("a rate of 44100: %v", b.faults())
		}
	})
}

func TestFloorAndLevelsAreTold(t *testing.T) {
	run(t, func(b *bench) {
		p, q := b.phone("p", control.Codec_PCMU, 500), b.phone("q", control.Codec_PCMU, 700)
		q.osc, q.quiet = dsp.NewOscillator(8000, 500, 700), true
		b.obey(1, &control.Room{Id: "r", Rate: 8000, LevelsMs: 200}, b.member(p, "r"), b.member(q, "r"))
		b.talk(time.Second)
		p.quiet, q.quiet = true, false
		b.talk(2 * time.Second)
		q.quiet = true
		b.talk(2 * time.Second)
		var floors []string
		levels := map[string]float64{}
		for _, e := range b.told() {
			if f := e.GetFloor(); f != nil {
				floors = append(floors, f.GetMember())
			}
			for i, m := range e.GetLevels().GetMembers() {
				levels[m] = max(levels[m]-1000, e.GetLevels().GetDbov()[i])
			}
		}
		if !slices.Equal(floors, []string{"p", "q", ""}) {
			t.Errorf("the floor was had by %q", floors)
		}
		if len(levels) != 2 {
			t.Errorf("levels %v", levels)
		}
	})
}

// What plays to a room lowers its members, and they come back.
func TestAnnouncementsDuck(t *testing.T) {
	run(t, func(b *bench) {
		p, q := b.phone("p", control.Codec_PCMU, 500), b.phone("q", control.Codec_PCMU, 700)
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, b.member(p, "r"), b.member(q, "r"),
			&control.Play{Op: "x", DuckDb: 20, Target: &control.Play_Room{Room: "r"}, Sources: []*control.Source{
				{Body: &control.Source_Tone{Tone: &control.Tone{Segments: []*control.Tone_Segment{{Hz: []float64{1000}, Ms: 1000}}}}}}})
		b.talk(900 * time.Millisecond)
		b.hears(p, 700, 500)
		b.talk(time.Second)
		b.hears(p, 700, 5000)
	})
}

func TestALateJoinerHearsWhatWas(t *testing.T) {
	run(t, func(b *bench) {
		p, late := b.phone("p", control.Codec_PCMU, 500), b.phone("late", control.Codec_PCMU, 700)
		late.quiet = true
		b.obey(1, &control.Room{Id: "r", Rate: 16000, HistoryMs: 2000}, b.member(p, "r"), b.member(late, ""))
		b.talk(3 * time.Second)
		p.quiet = true
		b.talk(time.Second)
		b.obey(1, &control.Play{Op: "x", Target: &control.Play_Member{Member: "late"}, Sources: []*control.Source{
			{Body: &control.Source_Recall{Recall: &control.Recall{Room: "r", Ms: 5000}}}}})
		b.talk(700 * time.Millisecond)
		b.hears(late, 500, 5000)
		b.talk(1700 * time.Millisecond)
		if d := b.done("x"); len(d) != 1 || d[0].GetReason() != "finished" || d[0].GetMs() != 2000 {
			t.Errorf("%v", d)
		}
	})
}

func TestOnlyLoudestOfARoom(t *testing.T) {
	run(t, func(b *bench) {
		p, q, r := b.phone("p", control.Codec_PCMU, 500), b.phone("q", control.Codec_PCMU, 700), b.phone("r", control.Codec_PCMU, 900)
		r.osc = dsp.NewOscillator(8000, 1000, 900)
		b.obey(1, &control.Room{Id: "r", Rate: 8000, Loudest: 2}, b.member(p, "r"), b.member(q, "r"), b.member(r, "r"))
		b.talk(time.Second)
		b.hears(p, 900, 0)
		b.hears(p, 700, 5000)
		b.hears(r, 500, 5000)
	})
}

// 10,000 joins and leaves in a second hurt nobody's audio in that room.
func TestAStormOfJoinsLeavesOthersWhole(t *testing.T) {
	run(t, func(b *bench) {
		p, q, x := b.phone("p", control.Codec_PCMU, 500), b.phone("q", control.Codec_PCMU, 700), b.phone("x", control.Codec_PCMU, 900)
		x.quiet = true
		b.obey(1, &control.Room{Id: "r", Rate: 16000}, b.member(p, "r"), b.member(q, "r"))
		b.talk(500 * time.Millisecond)
		before := len(b.sound(p))
		for range 50 {
			for range 100 {
				b.obey(1, b.member(x, "r"), b.member(x, ""))
			}
			b.talk(20 * time.Millisecond)
		}
		heard := b.sound(p)[before:]
		for at := 0; at+400 <= len(heard); at += 200 {
			if a := dsp.Goertzel(heard[at:at+400], 8000, 700); math.Abs(a-5000) > 300 {
				t.Fatalf("after %d ms of the storm the other is heard at %.0f", at/8, a)
			}
		}
	})
}

// Moving between rooms, from both sides: nobody hears a click or a gap.
func TestMovesAreSmooth(t *testing.T) {
	run(t, func(b *bench) {
		p, q, r := b.phone("p", control.Codec_L16_16000, 300), b.phone("q", control.Codec_L16_16000, 300), b.phone("r", control.Codec_L16_16000, 300)
		q.quiet = true
		b.obey(1, &control.Room{Id: "a", Rate: 16000}, &control.Room{Id: "b", Rate: 16000},
			b.member(p, "a"), b.member(q, "a"), b.member(r, "b"))
		b.talk(500 * time.Millisecond)
		from := len(b.sound(q))
		for _, to := range []string{"b", "a", "b", "a"} {
			b.obey(1, b.member(q, to))
			b.talk(200 * time.Millisecond)
		}
		heard := b.sound(q)[from:]
		most := 2*5000*2*math.Pi*300/16000 + 5000/320 + 8
		for i := 1; i < len(heard); i++ {
			if d := math.Abs(float64(heard[i]) - float64(heard[i-1])); d > most {
				t.Fatalf("a click of %.0f at %d ms", d, i/16)
			}
		}
		for at := 0; at+320 <= len(heard); at += 160 {
			if l := dsp.Level(heard[at : at+320]); l < -40 {
				t.Errorf("a gap at %d ms: %.1f dBov", at/16, l)
			}
		}
	})
}

func TestARecordingIsUploaded(t *testing.T) {
	tries := atomic.Int64{}
	got := make(chan int, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.Method == http.MethodPut && r.URL.Path == "/x/a.wav" {
			got <- len(body)
		}
	}))
	defer s.Close()
	conn, err := trunk.NewMemory().Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	dir, told := t.TempDir(), make(reports, 10)
	m, err := mixer.New(mixer.Config{Name: "m", Trunk: conn, Recordings: dir, Report: told})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	if err := os.WriteFile(filepath.Join(dir, "a.wav"), make([]byte, 2044), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, m: m}
	b.obey(1, &control.Upload{Op: "taken", Path: "a.wav", Retries: 1, To: &control.Web{Url: s.URL + "/x/a.wav", Private: true}},
		&control.Upload{Op: "private", Path: "a.wav", To: &control.Web{Url: s.URL + "/x/a.wav"}},
		&control.Upload{Op: "outside", Path: "../a.wav", To: &control.Web{Url: s.URL + "/x/a.wav", Private: true}})
	for range 3 {
		d := (<-told).GetDone()
		want := "error"
		if d.GetOp() == "taken" {
			want = "finished"
		}
		if d.GetReason() != want {
			t.Errorf("%v", d)
		}
	}
	if n := <-got; n != 2044 || tries.Load() != 2 {
		t.Errorf("%d bytes came after %d tries", n, tries.Load())
	}
}

type reports chan *control.Event

func (r reports) Report(e *control.Event) { r <- e }
