package script

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/callwright/callwright/sandbox"
)

// Defaults of a trial: a canary is watched even when the manifest does not say how.
const (
	defaultCanary = 5.0
	defaultErrors = 3
	defaultWithin = time.Minute
)

// keys are all that a manifest may say, each with what reads it, and the names kept for
// what is not built: nobody may think himself bound, or let in, by a line without effect.
func (d *document) keys(m *Manifest) []key {
	return []key{
		{"routes", d.routes(&m.Routes)},
		{"fetch", d.list(&m.Fetch, hostEntry, "a host such as api.example.com, *.example.com or 10.0.0.1:8080")},
		{"websocket", d.list(&m.WebSocket, hostEntry, "a host such as api.example.com, *.example.com or 10.0.0.1:8080")},
		{"uses", d.list(&m.Uses, anyEntry, "the name of an app")},
		{"http", d.oneOf(&m.HTTP, HTTPOpen, HTTPToken)},
		{"repl", d.not(&m.NoREPL)},
		{"maxCalls", d.count(&m.MaxCalls, 1, 1_000_000)},
		{"budgets", func(name string, n ast.Node) error { return d.mapping(n, name+".", d.budgets(&m.Budgets)) }},
		{"isolation", d.oneOf(&m.Isolation, IsolationProcess, IsolationShared)},
		{"reload", func(name string, n ast.Node) error { return d.reload(name, n, &m.Reload) }},
		{"read", d.list(&m.Read, folderEntry, "a folder, such as data or /srv/crm")},
		{"write", d.list(&m.Write, folderEntry, "a folder, such as data or /srv/crm")},
		{"env", d.list(&m.Env, anyEntry, "the name of an environment variable")},
		{"secrets", d.list(&m.Secrets, plainEntry, "the name of a secret")},
		{"trunks", d.list(&m.Trunks, anyEntry, "the name of a trunk")},
		{"untrusted", d.flag(&m.Untrusted)},
	}
}

func (d *document) budgets(b *Budgets) []key {
	return []key{
		{"activation", d.duration(&b.Activation, time.Millisecond, 10*time.Second)},
		{"timers", d.count(&b.Timers, 1, 1_000_000)},
		{"promises", d.count(&b.Promises, 1, 1_000_000)},
		{"logsPerSecond", d.count(&b.LogsPerSecond, 1, 1_000_000)},
		{"operationsPerSecond", d.count(&b.OperationsPerSecond, 1, 1_000_000)},
		{"fetches", d.count(&b.Fetches, 1, 100_000)},
		{"callbacks", d.count(&b.Callbacks, 1, 1_000_000)},
		{"listeners", d.count(&b.Listeners, 1, 1_000_000)},
		{"events", d.count(&b.Events, 1, 100_000)},
		{"app", func(name string, n ast.Node) error { return d.mapping(n, name+".", d.appBudgets(&b.App)) }},
		{"heap", func(name string, n ast.Node) error {
			d.heap = n
			return d.bytes(&b.Heap)(name, n)
		}},
	}
}

// appBudgets are those that all runs of an app share.
func (d *document) appBudgets(b *AppBudgets) []key {
	return []key{
		{"timers", d.count(&b.Timers, 1, 10_000_000)},
		{"promises", d.count(&b.Promises, 1, 10_000_000)},
		{"operationsPerSecond", d.count(&b.OperationsPerSecond, 1, 10_000_000)},
		{"fetches", d.count(&b.Fetches, 1, 100_000)},
		{"logsPerSecond", d.count(&b.LogsPerSecond, 1, 1_000_000)},
	}
}

// reload reads the policy last, for it may fill in what the rest has left out.
func (d *document) reload(name string, n ast.Node, r *Reload) error {
	var policy string
	watch := true
	err := d.mapping(n, name+".", []key{
		{"policy", d.oneOf(&policy, "drain", "canary", "replay")},
		{"canary", d.percent(&r.Canary)},
		{"watch", d.flag(&watch)},
		{"rollback", func(name string, n ast.Node) error {
			r.Rollback = Rollback{defaultErrors, defaultWithin}
			return d.mapping(n, name+".", []key{
				{"errors", d.count(&r.Rollback.Errors, 1, 1_000_000)},
				{"within", d.duration(&r.Rollback.Within, time.Second, 24*time.Hour)},
			})
		}},
	})
	if err != nil {
		return err
	}
	r.Ignore = !watch
	switch {
	case policy == "replay":
		r.Replay = true
	case policy == "canary" && r.Canary == 0:
		r.Canary = defaultCanary
	}
	if r.Canary > 0 && r.Rollback.Errors == 0 {
		r.Rollback = Rollback{defaultErrors, defaultWithin}
	}
	return nil
}

// text is a scalar as it is written: numbers are allowed where names are.
func (d *document) text(name string, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.IntegerNode:
		return n.Token.Value, nil
	}
	return "", d.wrong(n, "%s must be text, not %s", name, kind(n))
}

// list reads a list of texts; one text alone is a list of one.
func (d *document) list(to *[]string, check func(string) (string, bool), what string) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		return d.each(name, n, func(name string, n ast.Node) error {
			s, err := d.text(name, n)
			if err != nil {
				return err
			}
			clean, ok := check(s)
			if !ok {
				return d.wrong(n, "%s: %q is not %s", name, s, what)
			}
			if !slices.Contains(*to, clean) {
				*to = append(*to, clean)
			}
			return nil
		})
	}
}

func (d *document) each(name string, n ast.Node, read func(string, ast.Node) error) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if kind(n) == "text" {
			return read(name, n)
		}
		return d.wrong(n, "%s must be a list, not %s", name, kind(n))
	}
	for i, item := range seq.Values {
		if err := read(name+"["+strconv.Itoa(i)+"]", item); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) routes(to *[]sandbox.Route) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		*to = []sandbox.Route{} // an empty list replaces the exported ones too
		return d.each(name, n, func(name string, n ast.Node) error {
			s, err := d.text(name, n)
			if err != nil {
				return err
			}
			r, err := sandbox.ParseRoute(s)
			if err == nil {
				_, err = compile([]sandbox.Route{r})
			}
			if err != nil {
				return d.wrong(n, "%s: %s", name, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "routes[0]: "), "sandbox: "))
			}
			*to = append(*to, r)
			return nil
		})
	}
}

func (d *document) count(to *int, least, most int) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		i, ok := n.(*ast.IntegerNode)
		if !ok {
			return d.wrong(n, "%s must be a whole number, not %s", name, kind(n))
		}
		v, err := strconv.Atoi(strings.ReplaceAll(i.Token.Value, "_", ""))
		if err != nil || v < least || v > most {
			return d.wrong(n, "%s must be between %d and %d, not %s", name, least, most, i.Token.Value)
		}
		*to = v
		return nil
	}
}

// percent takes 5, 0.5 and '5%'.
func (d *document) percent(to *float64) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		var text string
		switch n := n.(type) {
		case *ast.IntegerNode:
			text = n.Token.Value
		case *ast.FloatNode:
			text = n.Token.Value
		case *ast.StringNode:
			text = strings.TrimSuffix(n.Value, "%")
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(v > 0 && v <= 100) {
			return d.wrong(n, "%s must be per cent of new calls, such as 5, not %s", name, kind(n))
		}
		*to = v
		return nil
	}
}

// duration takes '50ms' and, as scripts do, a number of milliseconds.
func (d *document) duration(to *time.Duration, least, most time.Duration) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		text, err := d.text(name, n)
		if err != nil {
			return err
		}
		if _, number := n.(*ast.IntegerNode); number {
			text += "ms"
		}
		v, err := time.ParseDuration(text)
		if err != nil || v < least || v > most {
			return d.wrong(n, "%s must be a time between %v and %v, such as '50ms', not %q", name, least, most, text)
		}
		*to = v
		return nil
	}
}

// bytes takes a number of bytes, or '64MB' and '64MiB' alike (both 64 times 2^20).
func (d *document) bytes(to *int64) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		text, err := d.text(name, n)
		if err != nil {
			return err
		}
		m := regexp.MustCompile(`^(\d{1,12}) ?([KMG]?)(?:i?B)?$`).FindStringSubmatch(text)
		if m == nil {
			return d.wrong(n, "%s must be a size, such as '64MB', not %q", name, text)
		}
		v, _ := strconv.ParseInt(m[1], 10, 64)
		v <<= map[string]uint{"": 0, "K": 10, "M": 20, "G": 30}[m[2]]
		if v < 1<<20 || v > 64<<30 {
			return d.wrong(n, "%s must be between 1MB and 64GB, not %q", name, text)
		}
		*to = v
		return nil
	}
}

func (d *document) oneOf(to *string, values ...string) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		s, ok := n.(*ast.StringNode)
		if !ok || !slices.Contains(values, s.Value) {
			hint := ""
			if ok {
				if near := sandbox.Nearest(s.Value, slices.Clone(values)); near != "" {
					hint = ", did you mean " + near + "?"
				}
			}
			return d.wrong(n, "%s must be %s%s", name, strings.Join(values, " or "), hint)
		}
		*to = s.Value
		return nil
	}
}

func (d *document) flag(to *bool) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			return d.wrong(n, "%s must be true or false, not %s", name, kind(n))
		}
		*to = b.Value
		return nil
	}
}

// not is a flag that is true without being said.
func (d *document) not(to *bool) func(string, ast.Node) error {
	return func(name string, n ast.Node) error {
		says := true
		err := d.flag(&says)(name, n)
		*to = !says
		return err
	}
}

func anyEntry(s string) (string, bool) { return s, s != "" }

// plainEntry takes a name without a path.
func plainEntry(s string) (string, bool) {
	return s, s != "" && s[0] != '.' && !strings.ContainsAny(s, "/\\\x00")
}

// folderEntry takes a folder that its own name does not lead out of.
func folderEntry(s string) (string, bool) {
	clean := path.Clean(s)
	return clean, s != "" && clean != ".." && clean != "/" && !strings.HasPrefix(clean, "../") && !strings.ContainsRune(s, 0)
}

// hostEntry takes a host, not a URL.
func hostEntry(s string) (string, bool) {
	name, port := splitPort(strings.ToLower(s))
	if port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", false
		}
	}
	plain := strings.TrimPrefix(name, "*.")
	if name == "*" {
		plain = "any"
	}
	return strings.ToLower(s), plain != "" && !strings.ContainsAny(plain, "*/ @?#[]")
}
