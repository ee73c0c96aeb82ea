package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

// printReady tells a newcomer where everything is and how to place a first call.
// program is how this one was called, so that the line can be pasted.
func printReady(w io.Writer, r supervise.Ready, program, data string) {
	fmt.Fprintln(w, "Callwright takes calls.")
	fmt.Fprintf(w, "  SIP      %s\n", strings.Join(r.SIP, ", "))
	fmt.Fprintf(w, "  HTTP     http://%s (token in %s)\n", r.HTTP, filepath.Join(data, "token"))
	for i, s := range r.Scripts {
		label := "scripts"
		if i > 0 {
			label = ""
		}
		if s.Error != "" {
			fmt.Fprintf(w, "  %-8s %-12s does not load: %s\n", label, s.App, s.Error)
			continue
		}
		routes := strings.Join(s.Routes, " ")
		if routes == "" {
			routes = "(no routes of its own)"
		}
		fmt.Fprintf(w, "  %-8s %-12s %s  version %s\n", label, s.App, routes, s.Version)
	}
	if len(r.Scripts) == 0 {
		fmt.Fprintln(w, "  scripts  none yet: save one, the next call runs it")
	}
	number, expect := firstNumber(r.Scripts), ""
	if number == toneNumber {
		expect = " --expect 440"
	}
	fmt.Fprintf(w, "A first call, from another terminal:\n  %s call %s%s\n", program, firstCall(r.SIP, number), expect)
}

// toneNumber is the number of the tone among the scripts that ship.
const toneNumber = "5000"

// firstNumber is one that a script takes: the tone's, the first that is written out, or
// any, which goes to main.
func firstNumber(scripts []supervise.Script) string {
	number := ""
	for _, s := range scripts {
		for _, route := range s.Routes {
			switch {
			case route == toneNumber:
				return route
			case number == "" && route != "" && strings.Trim(route, "0123456789") == "":
				number = route
			}
		}
	}
	return cmp.Or(number, "1000")
}

// firstCall is a URI that reaches the engine by its first UDP address, or TCP's.
func firstCall(sip []string, number string) string {
	uri := "sip:" + number + "@127.0.0.1:5060"
	for i := len(sip) - 1; i >= 0; i-- {
		transport, addr, ok := strings.Cut(sip[i], " ")
		if !ok {
			continue
		}
		addr = strings.Replace(addr, "0.0.0.0:", "127.0.0.1:", 1)
		addr = strings.Replace(addr, "[::]:", "[::1]:", 1)
		switch transport {
		case "udp":
			uri = "sip:" + number + "@" + addr
		case "tcp":
			if !strings.Contains(strings.Join(sip, ","), "udp ") {
				uri = "sip:" + number + "@" + addr + ";transport=tcp"
			}
		}
	}
	return uri
}
