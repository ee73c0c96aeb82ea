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

// ModuleDeclarations is how the modules of Modules are typed.
//
//go:embed modules.d.ts
var ModuleDeclarations string

var (
	//go:embed telnum.js
	telnum string
	//go:embed template.js
	template string
	//go:embed csv.js
	csv string
	//go:embed jwt.js
	jwt string
)

// Modules are what every script may import beside 'callwright', by name.
func Modules() map[string]string {
	return map[string]string{"callwright/telnum": telnum, "callwright/template": template, "callwright/csv": csv, "callwright/jwt": jwt}
}
