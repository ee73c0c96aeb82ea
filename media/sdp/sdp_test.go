package sdp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

var ours = Local{Addr: netip.MustParseAddrPort("192.0.2.9:20000"), ID: 7, Version: 3}

func body(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

func offer(lines ...string) []byte {
	return body(append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"}, lines...)...)
}

func TestAnswerTakesTheOfferersOrder(t *testing.T) {
	cases := []struct {
		name, m string
		attrs   []string
		local   []Codec
		codec   string
		pt      uint8
		event   uint8
	}{
		{"static", "m=audio 4000 RTP/AVP 8 0", nil, nil, "PCMA", 8, 0},
		{"static, other order", "m=audio 4000 RTP/AVP 0 8", nil, nil, "PCMU", 0, 0},
		{"local wants less", "m=audio 4000 RTP/AVP 0 8", nil, []Codec{{"PCMA", 8, 8000}}, "PCMA", 8, 0},
		{"unknown first", "m=audio 4000 RTP/AVP 18 9 96 0", []string{"a=rtpmap:96 opus/48000/2"}, nil, "PCMU", 0, 0},
		{"dynamic numbers", "m=audio 4000 RTP/AVP 97 100", []string{"a=rtpmap:97 pcmu/8000/1", "a=rtpmap:100 telephone-event/8000"}, nil, "PCMU", 97, 100},
		{"event at another clock", "m=audio 4000 RTP/AVP 0 101", []string{"a=rtpmap:101 telephone-event/48000"}, nil, "PCMU", 0, 0},
		{"static number mapped to something else", "m=audio 4000 RTP/AVP 0 8", []string{"a=rtpmap:0 L16/8000"}, nil, "PCMA", 8, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := ours
			l.Codecs = c.local
			b, a, err := Answer(offer(append([]string{c.m}, c.attrs...)...), l)
			if err != nil {
				t.Fatal(err)
			}
			if a.Codec.Name != c.codec || a.Codec.Type != c.pt || a.EventType != c.event || !a.Send || !a.Receive {
				t.Fatalf("agreed %+v", a)
			}
			if want := netip.MustParseAddrPort("192.0.2.1:4000"); a.Remote != want {
				t.Fatalf("remote %v, want %v", a.Remote, want)
			}
			if p, err := ParseOffer(offer(append([]string{c.m}, c.attrs...)...), l); err != nil || p != a {
				t.Fatalf("ParseOffer %+v %v", p, err)
			}
			for _, want := range []string{"o=- 7 3 IN IP4 192.0.2.9", "c=IN IP4 192.0.2.9", "m=audio 20000 RTP/AVP", "a=sendrecv"} {
				if !strings.Contains(string(b), want) {
					t.Fatalf("no %q in\n%s", want, b)
				}
			}
		})
	}
}

func TestDirection(t *testing.T) {
	cases := []struct {
		name          string
		lines         []string
		hold          bool
		send, receive bool
		answer        string
	}{
		{"none", nil, false, true, true, "a=sendrecv"},
		{"sendonly", []string{"a=sendonly"}, false, false, true, "a=recvonly"},
		{"recvonly", []string{"a=recvonly"}, false, true, false, "a=sendonly"},
		{"inactive", []string{"a=inactive"}, false, false, false, "a=inactive"},
		{"old hold", []string{"c=IN IP4 0.0.0.0"}, false, false, true, "a=recvonly"},
		{"we hold", nil, true, true, false, "a=sendonly"},
		{"both hold", []string{"a=sendonly"}, true, false, false, "a=inactive"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := ours
			l.Hold = c.hold
			b, a, err := Answer(offer(append([]string{"m=audio 4000 RTP/AVP 0"}, c.lines...)...), l)
			if err != nil {
				t.Fatal(err)
			}
			if a.Send != c.send || a.Receive != c.receive || a.Held() == c.send {
				t.Fatalf("agreed %+v", a)
			}
			if !strings.Contains(string(b), c.answer) {
				t.Fatalf("no %s in\n%s", c.answer, b)
			}
		})
	}
	t.Run("of the whole session", func(t *testing.T) {
		o := body("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "a=sendonly", "m=audio 4000 RTP/AVP 0")
		if a, err := ParseOffer(o, ours); err != nil || a.Send {
			t.Fatalf("%+v %v", a, err)
		}
	})
}

func TestSeveralLinesAreAnsweredInOrder(t *testing.T) {
	b, a, err := Answer(offer(
		"m=video 6000 RTP/AVP 31", "a=rtpmap:31 H261/90000",
		"m=audio 4002 RTP/SAVP 0",
		"m=image 4004 udptl t38",
		"m=audio 4006 RTP/AVP 18",
		"m=audio 4008 RTP/AVP 8 101", "c=IN IP4 192.0.2.77", "a=rtpmap:101 telephone-event/8000", "a=rtcp:5009", "a=ptime:30",
		"m=audio 4010 RTP/AVP 0",
	), ours)
	if err != nil {
		t.Fatal(err)
	}
	want := Agreement{Remote: netip.MustParseAddrPort("192.0.2.77:4008"), RemoteRTCP: netip.MustParseAddrPort("192.0.2.77:5009"),
		Codec: Codec{"PCMA", 8, 8000}, EventType: 101, Ptime: 30, Send: true, Receive: true}
	if a != want {
		t.Fatalf("agreed\n%+v\nwant\n%+v", a, want)
	}
	var media []string
	for _, l := range strings.Split(string(b), "\r\n") {
		if strings.HasPrefix(l, "m=") {
			media = append(media, l)
		}
	}
	wantMedia := []string{"m=video 0 RTP/AVP 31", "m=audio 0 RTP/SAVP 0", "m=image 0 udptl t38", "m=audio 0 RTP/AVP 18",
		"m=audio 20000 RTP/AVP 8 101", "m=audio 0 RTP/AVP 0"}
	if strings.Join(media, "\n") != strings.Join(wantMedia, "\n") {
		t.Fatalf("lines\n%s", strings.Join(media, "\n"))
	}
}

func TestRefused(t *testing.T) {
	many := strings.Repeat("a=x\r\n", maxLines+1)
	cases := []struct {
		name string
		body []byte
		err  error
	}{
		{"empty", nil, ErrMalformed},
		{"no SDP", []byte("hello"), ErrMalformed},
		{"no media", offer(), ErrMalformed},
		{"no c=", body("v=0", "m=audio 4000 RTP/AVP 0"), ErrMalformed},
		{"version", body("v=1", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0"), ErrMalformed},
		{"m= cut short", offer("m=audio 4000 RTP/AVP"), ErrMalformed},
		{"port", offer("m=audio 70000 RTP/AVP 0"), ErrMalformed},
		{"port sign", offer("m=audio -5 RTP/AVP 0"), ErrMalformed},
		{"host name", body("c=IN IP4 host.example.com", "m=audio 4000 RTP/AVP 0"), ErrAddress},
		{"multicast", body("c=IN IP4 224.1.1.1/127", "m=audio 4000 RTP/AVP 0"), ErrAddress},
		{"wrong family", body("c=IN IP6 192.0.2.1", "m=audio 4000 RTP/AVP 0"), ErrAddress},
		{"zone", body("c=IN IP6 fe80::1%eth0", "m=audio 4000 RTP/AVP 0"), ErrAddress},
		{"codec", offer("m=audio 4000 RTP/AVP 18"), ErrNoCodec},
		{"secure only", offer("m=audio 4000 RTP/SAVP 0"), ErrNoCodec},
		{"video only", offer("m=video 4000 RTP/AVP 31"), ErrNoCodec},
		{"rejected", offer("m=audio 0 RTP/AVP 0"), ErrNoCodec},
		{"too long", offer("m=audio 4000 RTP/AVP 0", "a="+strings.Repeat("x", maxSize)), ErrMalformed},
		{"too many lines", append(offer("m=audio 4000 RTP/AVP 0"), many...), ErrMalformed},
		{"too many m=", offer(strings.Split(strings.Repeat("m=audio 4000 RTP/AVP 0|", maxMedia)+"m=audio 4000 RTP/AVP 0", "|")...), ErrMalformed},
		{"too many formats", offer("m=audio 4000 RTP/AVP" + strings.Repeat(" 0", maxFormats+1)), ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := Answer(c.body, ours); !errors.Is(err, c.err) {
				t.Fatalf("answer: %v, want %v", err, c.err)
			}
			if _, err := Accept(c.body, ours); !errors.Is(err, c.err) {
				t.Fatalf("accept: %v, want %v", err, c.err)
			}
		})
	}
}

func TestTolerated(t *testing.T) {
	for name, b := range map[string][]byte{
		"no o=, s=, t=":     body("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0"),
		"bare line feeds":   []byte("v=0\no=x\ns=\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n"),
		"odd o= and others": body("v=0", "o=bob x y IN IP4 host.example.com", "s=", "i=?", "u=::", "b=zz", "c=IN IP4 192.0.2.1", "t=0 0", "k=clear:x", "m=audio 4000 RTP/AVP 0", "b=AS:64"),
		"c= twice":          body("c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.2", "m=audio 4000 RTP/AVP 0"),
		"c= in the line":    body("m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.1"),
	} {
		a, err := ParseOffer(b, ours)
		if err != nil || a.Remote != netip.MustParseAddrPort("192.0.2.1:4000") {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
}

func TestOfferMeetsAnswer(t *testing.T) {
	for _, addr := range []string{"192.0.2.9:20000", "[2001:db8::9]:20000"} {
		a := Local{Addr: netip.MustParseAddrPort(addr), ID: 1, Version: 1}
		b := Local{Addr: netip.MustParseAddrPort("[2001:db8::1]:30000"), Codecs: []Codec{{"PCMA", 8, 8000}}, Hold: true}
		answer, seenByB, err := Answer(Offer(a), b)
		if err != nil {
			t.Fatal(err)
		}
		seenByA, err := Accept(answer, a)
		if err != nil {
			t.Fatal(err)
		}
		if seenByB.Remote != a.Addr || seenByA.Remote != b.Addr || seenByA.Codec != seenByB.Codec || seenByA.EventType != 101 {
			t.Fatalf("a %+v\nb %+v", seenByA, seenByB)
		}
		if seenByA.Send != seenByB.Receive || seenByA.Receive != seenByB.Send || seenByA.Send {
			t.Fatalf("directions: a %+v\nb %+v", seenByA, seenByB)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(offer("m=audio 4000 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly"))
	f.Add(offer("m=video 6000 RTP/AVP 31", "m=audio 4002 RTP/SAVP 0", "m=audio 4 RTP/AVP 0", "a=rtcp:53020 IN IP6 2001::1"))
	f.Add([]byte("v=0\nm=audio 1 RTP/AVP 0\nc=IN IP4 0.0.0.0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		answer, a, err := Answer(b, ours)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrNoCodec) && !errors.Is(err, ErrAddress) {
				t.Fatalf("an error without a name: %v", err)
			}
			return
		}
		if !a.Remote.IsValid() || a.Codec.Name == "" {
			t.Fatalf("agreed %+v", a)
		}
		if _, err := parseOutline(answer); err != nil {
			t.Fatalf("our own answer: %v\n%s", err, answer)
		}
	})
}
