// Package kerneltest runs a test on every kernel set this machine has and compares
// each with plain Go. Only tests call it.
package kerneltest
