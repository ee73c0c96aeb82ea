package sandbox

// SetQuota lets tests fill a state without 64 MiB.
func (s *State) SetQuota(n int) { s.quota = n }
