package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
)

// testReport prints outcomes, a file at a time.
type testReport struct {
	out    io.Writer
	json   bool
	all    []scripttest.Outcome
	failed int
}

func (r *testReport) file(f testFile, outcomes []scripttest.Outcome) {
	r.all = append(r.all, outcomes...)
	failed, wall, virtual := 0, 0.0, 0.0
	for _, o := range outcomes {
		if !o.Passed {
			failed++
		}
		wall += o.Ms
		virtual += o.Virtual
	}
	r.failed += failed
	if r.json {
		lines := json.NewEncoder(r.out)
		for _, o := range outcomes {
			lines.Encode(o)
		}
		return
	}
	mark := "ok  "
	if failed > 0 {
		mark = "FAIL"
	}
	fmt.Fprintf(r.out, "%s  %s  %d tests, %.2f s for %s of calls\n", mark, f.name, len(outcomes), wall/1000,
		time.Duration(virtual*float64(time.Millisecond)).Round(100*time.Millisecond))
	for _, o := range outcomes {
		if !o.Passed {
			r.failure(o)
		}
	}
}

// failure shows what a person needs to mend it: where, what, and how the call went.
func (r *testReport) failure(o scripttest.Outcome) {
	at := o.File
	if o.Line > 0 {
		at = fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	fmt.Fprintf(r.out, "\n  FAILED  %s\n    %s", o.Name, at)
	if o.Source != "" {
		fmt.Fprintf(r.out, "    %s", o.Source)
	}
	fmt.Fprintf(r.out, "\n    %s\n", strings.ReplaceAll(o.Failure, "\n", "\n    "))
	section(r.out, "SIP", o.Ladders)
	section(r.out, "log", o.Log)
	fmt.Fprintln(r.out)
}

func section(out io.Writer, name string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "    %s:\n", name)
	for _, l := range lines {
		fmt.Fprintf(out, "      %s\n", l)
	}
}

// end tells the sum; failed tests are an error, for the exit code.
func (r *testReport) end() error {
	if r.failed > 0 {
		return fmt.Errorf("%d of %d tests failed", r.failed, len(r.all))
	}
	if !r.json {
		fmt.Fprintf(r.out, "%d tests passed\n", len(r.all))
	}
	return nil
}

// The JUnit format, as far as CI systems read it.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Seconds float64       `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(path string, outcomes []scripttest.Outcome) error {
	suite := junitSuite{Name: "callwright", Tests: len(outcomes)}
	for _, o := range outcomes {
		c := junitCase{Class: o.File, Name: o.Name, Seconds: o.Ms / 1000}
		if !o.Passed {
			suite.Failures++
			var text strings.Builder
			(&testReport{out: &text}).failure(o)
			c.Failure = &junitFailure{Message: o.Failure, Text: text.String()}
		}
		suite.Cases = append(suite.Cases, c)
	}
	b, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(b, '\n')...), 0o644)
}
