package engine

import "github.com/callwright/callwright/sandbox"

// failed counts a call's flow that threw, overran its budget or diverged against its
// version. That a call ended under its flow is nobody's fault.
func (s *shard) failed(r sandbox.Result) {
	if r.Error == nil || r.Error.Name == "CallEnded" {
		return
	}
	if c := s.calls[r.Unit]; c != nil {
		s.config.Scripts.Failed(c.app, c.version, r.Error)
	}
}
