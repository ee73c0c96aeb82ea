// Package stdlib holds what scripts import and how it is typed: JavaScript modules and
// declarations, embedded in the program. It has no logic of its own and imports
// nothing of ours. callwright.d.ts is the manual of the script API; a test in
// engine/flow holds it to the table of what the engine has.
package stdlib
