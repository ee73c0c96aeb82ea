package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
)

// lineCounts says of each file how often its lines ran.
type lineCounts map[string]map[int]uint64

// coverage is lineCounts of all files of tests, by the scripts' paths.
type coverage lineCounts

// add joins what the tests of one file ran.
func (c coverage) add(dir string, lines lineCounts) {
	for name, runs := range lines {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if scripttest.Is(path) {
			continue
		}
		if c[path] == nil {
			c[path] = map[int]uint64{}
		}
		for n, times := range runs {
			c[path][n] += times
		}
	}
}

// fileCoverage is what is told of one file.
type fileCoverage struct {
	File   string  `json:"file"`
	Lines  int     `json:"lines"`
	Ran    int     `json:"ran"`
	Share  float64 `json:"percent"`
	Missed []int   `json:"missed"`
}

func (c coverage) files() (all []fileCoverage) {
	wd, _ := os.Getwd() // without it, paths stay absolute
	for _, path := range slices.Sorted(maps.Keys(c)) {
		f := fileCoverage{File: path, Lines: len(c[path]), Missed: []int{}}
		if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
			f.File = rel
		}
		for _, n := range slices.Sorted(maps.Keys(c[path])) {
			if c[path][n] == 0 {
				f.Missed = append(f.Missed, n)
			}
		}
		f.Ran = f.Lines - len(f.Missed)
		f.Share = 100
		if f.Lines > 0 {
			f.Share = 100 * float64(f.Ran) / float64(f.Lines)
		}
		all = append(all, f)
	}
	return all
}

func (c coverage) print(w io.Writer, asJSON bool) {
	for _, f := range c.files() {
		if asJSON {
			json.NewEncoder(w).Encode(map[string]fileCoverage{"coverage": f})
			continue
		}
		fmt.Fprintf(w, "%5.1f %%  %s  %d of %d lines", f.Share, f.File, f.Ran, f.Lines)
		if len(f.Missed) > 0 {
			fmt.Fprintf(w, ", not %s", spans(f.Missed))
		}
		fmt.Fprintln(w)
	}
}

// spans writes sorted line numbers as people do: 3-5, 9.
func spans(lines []int) string {
	var parts []string
	for i := 0; i < len(lines); {
		from, to := lines[i], lines[i]
		for i++; i < len(lines) && lines[i] == to+1; i++ {
			to = lines[i]
		}
		part := strconv.Itoa(from)
		if to > from {
			part += "-" + strconv.Itoa(to)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// lcov is the tracefile of geninfo(1): SF a file, DA a line and its runs, LF lines, LH
// those that ran.
func (c coverage) lcov() []byte {
	var b bytes.Buffer
	for _, f := range c.files() {
		path := f.File
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		fmt.Fprintf(&b, "TN:\nSF:%s\n", path)
		for _, n := range slices.Sorted(maps.Keys(c[path])) {
			fmt.Fprintf(&b, "DA:%d,%d\n", n, c[path][n])
		}
		fmt.Fprintf(&b, "LF:%d\nLH:%d\nend_of_record\n", f.Lines, f.Ran)
	}
	return b.Bytes()
}
