// Package script is the brain's catalogue of apps: which generation of each serves,
// which older ones still have units, and which app a call's Request-URI belongs to.
//
// Who calls it: cmd opens one Catalogue on the scripts directory, sets Changed and
// runs Watch on a goroutine of its own. The shard calls Route, Hold, Generation and
// Release, which never wait for a script or a file. Reload may be called from any
// goroutine; reloads go one after the other.
//
// A reload builds the new generation whole (bundle, compile, run its top level once,
// check its routes) beside the old one and then swaps one pointer. What fails leaves
// the old generation serving; the error names file, line and column. A call keeps the
// generation it began on: Hold and Release count units, and a generation that serves
// no more is retired when the last has gone. It lingers for a while first, because a
// call may stand between Route and Hold.
//
// Precedence of routes: exact, longest literal prefix, regular expressions by app
// name and position, the app "main", nothing. Numbers are compared without visual
// separators (RFC 3966 §5.1.1), names as they are. Route patterns run on the shard,
// so they must match in time linear in the number: look-around and back-references
// are refused when the app is loaded.
//
// Watch follows the directory tree with inotify and gathers changes until 50 ms have
// passed without one. Only apps that a changed file belongs to are built again, and
// only those whose bundle came out different are swapped. It does not see network
// file systems' remote changes. It waits in the kernel, so tests in virtual time call
// Reload instead.
package script
