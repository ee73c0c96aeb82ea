package sandbox

import (
	_ "embed"
	"strings"
)

// What runs in each isolate before any script: prelude.js hardens the intrinsics and
// makes the host's helpers; the others define the globals that the engine lacks.
var (
	//go:embed prelude.js
	preludeJS string
	//go:embed lacking.js
	lackingJS string
	//go:embed limits.js
	limitsJS string
	//go:embed web.js
	webJS string
	//go:embed url.js
	urlJS string
	//go:embed bytes.js
	bytesJS string
	//go:embed intl.js
	intlJS string
)

// preludeText is one program, compiled once a generation.
var preludeText = strings.Join([]string{"((parts) => host => (", preludeJS, ")(host, parts))([",
	lackingJS, ",", limitsJS, ",", webJS, ",", urlJS, ",", bytesJS, ",", intlJS, "])"}, "")
