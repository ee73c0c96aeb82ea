// Command callwright is the whole engine in one program: `callwright run` starts a
// supervisor, which starts the same program again as brain, SBC and mixer; further
// sub-commands are a softphone and clients of the control API.
//
// There is a file a sub-command. main.go parses and turns errors into exit codes;
// wire.go is the only place of the whole house that knows every room. Each process
// runs its sub-command on the main goroutine until a signal or the end of its
// supervisor. The program owns the data directory (locked by `run`): lock, token,
// control.sock, recordings.
//
// Exit codes: 0 done; 1 failed (a call that did not do as expected, an engine that
// cannot be reached); 2 wrong usage or a start that was refused. Every error is one
// line on standard error that begins with "callwright: ".
package main
