package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/callwright/callwright/media/control"
)

// alive excuses a worker on this machine whose process exists and is not stopped: a
// machine short of CPU starves heartbeats, and ending a healthy worker for that would
// cost its calls. A frozen process (SIGSTOP, a debugger) is told apart at once; one
// that hangs in itself uses up the longer patience of control.HubConfig.Excuse.
func alive(h *control.Hello) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.Pid))
	if err != nil {
		return false
	}
	// The state follows the name, which may itself hold parentheses (proc(5)).
	after := stat[bytes.LastIndexByte(stat, ')')+1:]
	return len(after) > 1 && !bytes.ContainsRune([]byte("TtZXx"), rune(after[1]))
}
