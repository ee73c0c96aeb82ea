package call

import (
	"reflect"
	"testing"
	"time"
)

// asBefore is what the release before this one wrote of a leg that is up.
const asBefore = `{"v":1,"leg":{"ID":"fe89","State":"up","Flow":{"Transport":"udp","Local":"127.0.0.1:5060","Remote":"127.0.0.1:35579","Conn":0},` +
	`"CallID":"92c2","Local":{"Name":"","URI":"sip:1000@127.0.0.1:5060","Tag":"b9ac","Params":""},"Remote":{"Name":"","URI":"sip:ann@127.0.0.1:35579","Tag":"9236","Params":""},` +
	`"Target":"sip:127.0.0.1:35579","LocalSeq":0,"RemoteSeq":1,"OK":{"Method":"INVITE","Status":200,"Reason":"OK","URI":"","Branch":"z9hG4bK19","SentBy":"127.0.0.1:35579",` +
	`"From":{"Name":"","URI":"sip:ann@127.0.0.1:35579","Tag":"9236","Params":""},"To":{"Name":"","URI":"sip:1000@127.0.0.1:5060","Tag":"b9ac","Params":""},"CallID":"92c2","CSeq":1,` +
	`"Contact":"","Routes":null,"Vias":["SIP/2.0/UDP 127.0.0.1:35579;branch=z9hG4bK19"],"Headers":[{"Name":"Server","Value":"Callwright"}],"Type":"application/sdp","Body":"dj0wDQo="},` +
	`"OKEvery":500000000,"AckBy":"2023-11-14T22:13:20.5Z","Media":{"Addr":"127.0.0.1:24000","Codecs":null,"ID":12,"Version":1,"Hold":false},"SDPVersion":1,"SDP":"dj0wDQo=",` +
	`"Agreed":{"Remote":"127.0.0.1:53970","RemoteRTCP":"","Codec":{"Name":"PCMU","Type":0,"Rate":8000},"EventType":101,"Ptime":20,"Send":true,"Receive":true,"Generation":1}},` +
	`"servers":[{"Key":"z9hG4bK19|127.0.0.1:35579|INVITE","Method":"INVITE","State":"accepted","Flow":{"Transport":"udp","Local":"127.0.0.1:5060","Remote":"127.0.0.1:35579","Conn":0},"Leg":"fe89","Merge":"92c2|9236|1"}],` +
	`"timers":{"l:fe89":{"2xx":"2023-11-14T22:13:20Z","ack":"2023-11-14T22:13:20.5Z"},"s:z9hG4bK19|127.0.0.1:35579|INVITE":{"L":"2023-11-14T22:13:21Z"}}}`

func absorbed(t *testing.T, text []byte) (*UA, []Armed) {
	t.Helper()
	u := NewUA(Config{})
	armed, err := u.Absorb(text)
	if err != nil {
		t.Fatal(err)
	}
	return u, armed
}

// A leg that an earlier release has extracted is taken up, and goes on as this one's.
func TestAbsorbReadsTheVersionBefore(t *testing.T) {
	u, armed := absorbed(t, []byte(asBefore))
	l := u.s.Legs["fe89"]
	if l.OK.Status != 200 || string(l.SDP) != "v=0\r\n" || l.Agreed.Codec.Rate != 8000 || l.Media.Addr.Port() != 24000 {
		t.Errorf("leg %+v", l)
	}
	at := time.Unix(1700000000, 0)
	want := []Armed{{TimerID{"l:fe89", "2xx"}, at}, {TimerID{"l:fe89", "ack"}, at.Add(500 * time.Millisecond)},
		{TimerID{"s:z9hG4bK19|127.0.0.1:35579|INVITE", "L"}, at.Add(time.Second)}}
	if !sameTimers(armed, want) {
		t.Errorf("timers %v, want %v", armed, want)
	}

	text, any := u.Extract(nil, "fe89")
	if !any || len(text) >= len(asBefore) {
		t.Errorf("any %v, %d bytes: %s", any, len(text), text)
	}
	again, timers := absorbed(t, text)
	if !sameTimers(timers, want) || !sameTimers(again.Armed(), want) {
		t.Errorf("timers again %v", timers)
	}
	k := again.s.Legs["fe89"]
	if !k.AckBy.Equal(l.AckBy) {
		t.Errorf("AckBy %v, want %v", k.AckBy, l.AckBy)
	}
	k.AckBy = l.AckBy
	if !reflect.DeepEqual(k, l) || !reflect.DeepEqual(again.s.Servers, u.s.Servers) || !reflect.DeepEqual(again.s.Merge, u.s.Merge) {
		t.Errorf("got  %+v\nwant %+v", k, l)
	}
}

func sameTimers(got, want []Armed) bool {
	for i := range got {
		if i >= len(want) || got[i].Timer != want[i].Timer || !got[i].At.Equal(want[i].At) {
			return false
		}
	}
	return len(got) == len(want)
}

// Every turn of every call extracts its leg.
func TestExtractAllocatesLittle(t *testing.T) {
	u, _ := absorbed(t, []byte(asBefore))
	b := make([]byte, 0, 8192)
	if n := testing.AllocsPerRun(100, func() { b, _ = u.Extract(b[:0], "fe89") }); n > 3 {
		t.Errorf("%v allocations: two lists and the sort of timers are what it may", n)
	}
}

func BenchmarkExtract(b *testing.B) {
	u := NewUA(Config{})
	u.Absorb([]byte(asBefore))
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text, _ = u.Extract(text[:0], "fe89")
	}
	b.SetBytes(int64(len(text)))
}
