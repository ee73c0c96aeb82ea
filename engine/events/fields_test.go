package events

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestFieldsOfAScriptsLine(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.LogAttrs(t.Context(), slog.LevelInfo, "left", append([]slog.Attr{slog.String("app", "main")},
		Fields([]byte(`{"a":1,"b":"x y","c":[1,{"d":true}],"e":1.5,"f":false,"app":"other","Msg":"m","g":null,"":2}`))...)...)
	_, got, _ := strings.Cut(strings.TrimSpace(out.String()), `"msg":"left",`)
	want := `"app":"main","a":1,"b":"x y","c":"[1,{\"d\":true}]","e":1.5,"f":false,"script.app":"other","script.Msg":"m","g":"null","script.":2}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, bad := range []string{"", "3", "[1]", `{"a"`, `{"a":`} {
		if list := Fields([]byte(bad)); len(list) > 0 {
			t.Errorf("%s gives %v", bad, list)
		}
	}
}
