package call

import "testing"

func TestCauses(t *testing.T) {
	for _, c := range causes {
		got := CauseByName(c.name)
		if got.SIP < 400 || got.SIP > 699 || got.Q850 < 1 || got.Q850 > 127 || got.Text == "" || !KnownCause(c.name) {
			t.Errorf("%+v", got)
		}
	}
	if KnownCause("nonsense") || CauseByName("nonsense").Name != "normal" {
		t.Error("an unknown name is normal")
	}
	for status, name := range map[int]string{
		400: "rejected", 401: "auth-failed", 403: "forbidden", 404: "not-found", 408: "timeout", 410: "gone", 480: "unavailable",
		486: "busy", 487: "canceled", 488: "not-acceptable", 500: "unavailable", 502: "unreachable", 503: "congested", 599: "unavailable",
		600: "busy", 603: "declined-everywhere", 699: "rejected",
	} {
		if c := CauseByStatus(status); c.Name != name || c.SIP != status {
			t.Errorf("%d is %+v, want %s", status, c, name)
		}
	}
	for q, name := range map[int]string{16: "normal", 17: "busy", 1: "not-found", 26: "answered-elsewhere", 99: "normal"} {
		if c := CauseByQ850(q); c.Name != name || c.Q850 != q || c.SIP != 0 {
			t.Errorf("Q.850 %d is %+v", q, c)
		}
	}
}
