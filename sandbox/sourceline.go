package sandbox

// SourceLine is a line of an author's file as it was built, counted from 1, "" for
// what is not there.
func (p *Program) SourceLine(file string, line int) string {
	if line < 1 {
		return ""
	}
	return p.sources.line(file, line)
}

// SourceLine is the program's.
func (g *Generation) SourceLine(file string, line int) string {
	return g.program.SourceLine(file, line)
}
