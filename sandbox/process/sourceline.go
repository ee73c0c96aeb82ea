package process

// SourceLine is a line of an author's file as it was built, counted from 1.
func (g *Generation) SourceLine(file string, line int) string {
	return g.program.SourceLine(file, line)
}
