// Package script is the brain's catalogue of apps: which version of each serves, which
// older ones still have calls, which app a call's Request-URI belongs to, and what each
// app may do.
//
// Who calls it: cmd opens one Catalogue on the scripts directory, sets Changed and
// runs Watch on a goroutine of its own. The shard calls Admit, Done, Hold, Release,
// Generation, Failed and the grants, which never wait for a script or a file. Reload,
// Check, Put, Rollback and Diff are an operator's and may be called from any goroutine;
// changes go one after the other.
//
// A reload reads app.yaml (Manifest), bundles, and asks whether that version is known:
// only a new one is run (its top level once, its routes checked) beside the old one.
// Then one pointer is swapped, or with `canary` a share of new calls, chosen by their
// ids, tries it first. What fails leaves the old version serving; the error names file,
// line and column. A call keeps the version it began on, unless the policy is `replay` and the
// engine moves it (Move); a version that serves no more is
// retired when the last has gone. It lingers for a while first.
//
// Versions are named by their content and kept (store.go, FORMAT.md). A version may be
// pinned in its app's place: by a rollback, an upload, or because the newer one failed
// too often. A pin ends when the file on disk changes, or when the app is reloaded by
// name.
//
// Precedence of routes: exact, longest literal prefix, regular expressions by app
// name and position, the app "main", nothing. Numbers are compared without visual
// separators (RFC 3966 §5.1.1), names as they are. Route patterns run on the shard,
// so they must match in time linear in the number: look-around and back-references
// are refused when the app is loaded. While a version is tried, the routes are those
// of the one before.
//
// Watch follows the directory tree with inotify and gathers changes until 50 ms have
// passed without one. Only apps that a changed file belongs to are built again, and
// only those whose version came out different are swapped. It does not see network
// file systems' remote changes. It waits in the kernel, so tests in virtual time call
// Reload instead.
package script
