package sandbox

// SourceLine is a line of an author's file as it was built, counted from 1, "" for
// what is not there.
func (g *Generation) SourceLine(file string, line int) string {
	if line < 1 {
		return ""
	}
	return g.program.sources.line(file, line)
}
