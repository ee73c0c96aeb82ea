package process_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/callwright/callwright/sandbox/process"
)

// confined is the sub-command by which this test binary tries what a child must not.
const confined = "try-what-is-forbidden"

// tryAll runs confined as children are, and says what still worked.
func tryAll() int {
	if err := process.Confine(); err != nil {
		fmt.Println("not confined:", err)
		return 1
	}
	for what, try := range map[string]func() error{
		"read a file":  func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"write a file": func() error { return os.WriteFile("/tmp/callwright-confined", nil, 0o600) },
		"list /":       func() error { _, err := os.ReadDir("/"); return err },
		"listen":       func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
		"dial":         func() error { _, err := net.Dial("udp", "127.0.0.1:9"); return err },
		"unix socket":  func() error { _, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0); return err },
		"run":          func() error { return exec.Command("/bin/true").Run() },
		"kill":         func() error { return syscall.Kill(os.Getppid(), 0) },
		"fork": func() error {
			pid, _, errno := syscall.RawSyscall(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0)
			if errno != 0 {
				return errno
			}
			if pid == 0 {
				syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
			}
			return nil
		},
		"be root": func() error { return syscall.Setuid(0) },
	} {
		if err := try(); err == nil {
			fmt.Println(what)
		} else if !errors.Is(err, syscall.EPERM) {
			fmt.Printf("%s: %v\n", what, err)
		}
	}
	done := make(chan int) // threads and memory are still to be had
	for range 50 {
		go func() { b := make([]byte, 1<<20); done <- len(b) }()
	}
	for range 50 {
		<-done
	}
	fmt.Println("end")
	return 0
}

// A child cannot open, dial, start or signal anything.
func TestConfined(t *testing.T) {
	cmd := exec.Command(os.Args[0], confined)
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "end" {
		t.Errorf("%v; what still works, or fails by itself:\n%s", err, out)
	}
}
