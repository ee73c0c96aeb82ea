// Package supervise starts the processes of `callwright run` and keeps them alive:
// one brain and its workers, all the same program.
//
// cmd/callwright calls Run on its main goroutine. Each child has a goroutine of its
// own, locked to its thread: the parent-death signal of Linux belongs to the thread
// that forked (prctl(2)). That goroutine starts the child, waits for it, and starts
// it again: at once the first time, then after a pause that grows from 100 ms to 5 s and
// is forgotten after 10 s of health. The old process has always been waited for before the next one starts,
// so two never hold the same port.
//
// A child inherits two pipes, its lifeline. On file 3 it reads notices as JSON
// lines: first the secret of this start (so it is in no argument list), then, for
// the brain, the name of each worker process that has exited. Its end of file means
// that the supervisor is gone: the child ends itself. On file 4 it writes reports:
// the brain, that calls are taken. What a child writes to its standard error is
// forwarded line by line. From file 5 on it inherits the listening sockets that its
// Spec names. They stay open here, so a brain that dies closes no listener: datagrams and
// connections wait in them for its successor.
package supervise
