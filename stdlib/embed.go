package stdlib

import _ "embed"

// Declarations is callwright.d.ts: all that scripts can name, as TypeScript.
//
//go:embed callwright.d.ts
var Declarations string

// Test is 'callwright/test', TestDeclarations how it is typed.
var (
	//go:embed test.js
	Test string
	//go:embed test.d.ts
	TestDeclarations string
)

// Globals is globals.d.ts: what scripts have without an import.
//
//go:embed globals.d.ts
var Globals string
