// Package file is what scripts reach of this machine: files below the folders that
// their app's manifest grants, secrets, and names of the environment. It is an edge: the
// flow decides on a Request, Do performs it on a goroutine of its own and tells the
// Result once, from that goroutine; Do itself never blocks, so the shard may call it.
//
// A relative folder of a manifest lies in the app's own directory below Config.Dir,
// where no script is, so that no app can write code by it; an absolute one is meant as it
// stands. Each is opened as an os.Root: neither ".." nor a symbolic link leads out of it.
// Only plain files are opened. A secret is a file of that name in Config.Secrets that
// nobody but its owner may read.
//
// Limits: 64 KiB either way, 1,000 names of a folder, 64 requests at once (Busy).
package file
