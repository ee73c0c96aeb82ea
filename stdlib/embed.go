package stdlib

import _ "embed"

// Declarations is callwright.d.ts: all that scripts can name, as TypeScript.
//
//go:embed callwright.d.ts
var Declarations string
