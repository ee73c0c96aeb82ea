package parcel

import (
	"strings"
	"testing"
)

// A journal of a call that is parked in a gather, as it is packed: it is kept by the
// ten thousand. Names and numbers are not those of the dictionary.
func TestJournalOfAParkedCallIsSmall(t *testing.T) {
	party := `{"uri":"sip:+442079460123@sip.carrier.example","user":"+442079460123","host":"sip.carrier.example","number":"+442079460123","name":"Ann Example"}`
	call := func(state string) string {
		return `{"id":"9b1f6f2c77a04e15","sipCallId":"a84b4c76e66710@pc33.carrier.example","direction":"inbound","state":"` + state + `","from":` + party +
			`,"to":{"uri":"sip:5000@192.0.2.7","user":"5000","host":"192.0.2.7","number":"5000","name":""},"callerId":{"number":"+442079460123","name":"Ann Example"},` +
			`"source":{"ip":"198.51.100.9","port":5062,"transport":"udp"},"user":null,"codec":"PCMA","media":{"codec":"PCMA","rate":8000,"sbc":"sbc-2"},"tags":[],"vars":{"who":"ann"},` +
			`"times":{"created":1764331200123,"answered":1764331200155},"cause":null,"peer":null}`
	}
	r := Record{Inputs: [][]byte{
		[]byte(`{"k":1,"ms":1764331200123,"f":{"call":` + call("new") + `}}`),
		[]byte(`{"k":2,"n":1,"h":49709,"v":{},"ms":1764331200155,"f":{"call":` + call("answered") + `}}`),
		[]byte(`{"k":2,"n":2,"h":3748,"v":{"ok":true,"digits":"2","reason":"digits","tries":1},"ms":1764331203003}`),
	}}
	s := sealer(t, 1)
	packed := s.Pack(r.Text(nil), Place{Key: "unit 9b1f6f2c77a04e15", Epoch: 4, Version: 9, Whole: true})
	if len(packed) >= 512 {
		t.Errorf("%d bytes of journal take %d, want less than 512", len(r.Text(nil)), len(packed))
	}
	if !strings.Contains(string(dictionary()), `"direction":"inbound"`) {
		t.Error("the dictionary is not what calls are made of")
	}
}
