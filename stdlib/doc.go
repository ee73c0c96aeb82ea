// Package stdlib holds what scripts import and how it is typed: JavaScript modules and
// declarations, embedded in the program. It has no logic of its own and imports
// nothing of ours. callwright.d.ts is the manual of the script API; a test in
// engine/flow holds it to the table of what the engine has. telnum, template, csv and jwt
// are modules that any script may import; package sandbox bundles and tests them.
package stdlib
