package sandbox

import (
	"encoding/json"
	"strings"
)

// Files are what the generation was built from, relative to the scripts directory and
// with slashes: a change of one of them may make another version.
func (g *Generation) Files() []string { return g.program.Files }

// filesOf reads esbuild's account of a build. Modules that are no files ("name:path")
// are left out.
func filesOf(metafile string) []string {
	var m struct {
		Inputs map[string]struct{} `json:"inputs"`
	}
	if json.Unmarshal([]byte(metafile), &m) != nil {
		return nil
	}
	var files []string
	for _, name := range sortedKeys(m.Inputs) {
		if !strings.HasPrefix(name, hostNS+":") && !strings.HasPrefix(name, nodeNS+":") {
			files = append(files, name)
		}
	}
	return files
}
