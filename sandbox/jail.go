package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// ErrOutside is told for a file that is not in the scripts directory.
var ErrOutside = errors.New("sandbox: outside the scripts directory")

// jail resolves imports and refuses every file outside root, also when a symbolic
// link leads there.
type jail struct {
	root    string // absolute, without symbolic links
	exports []string
	modules map[string]string
	trail   *trail
}

// inside returns the real path of a file, or an error that names it.
func (j jail) inside(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(j.root, real)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%w: %s", ErrOutside, filepath.Base(path))
	}
	return real, nil
}

// resolved marks the plugin's own question to esbuild, so that it is not asked again.
type resolved struct{}

func (j jail) plugin() api.Plugin {
	return api.Plugin{Name: "callwright", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^callwright($|/)`}, j.host)
		b.OnResolve(api.OnResolveOptions{Filter: `.*`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			return j.file(b, a)
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: hostNS}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, own := j.modules[a.Path]
			if !own {
				text = j.hostModule()
			}
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: nodeNS}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text := nodeTexts[a.Path]
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
		// What esbuild itself decides to open is checked once more.
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "file"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			path, err := j.inside(a.Path)
			if err == nil {
				err = readable(path)
			}
			return api.OnLoadResult{}, err
		})
	}}
}

// host resolves 'callwright'. An import statement gets a module with exactly the
// known exports, so that esbuild itself reports an unknown one at the author's line;
// require gets the host's object at run time.
func (j jail) host(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, own := j.modules[a.Path]; own {
		return api.OnResolveResult{Path: a.Path, Namespace: hostNS}, nil
	}
	if strings.HasPrefix(a.Path, hostPrefix) {
		return api.OnResolveResult{}, fmt.Errorf("%q is not built yet", a.Path)
	}
	if a.Kind == api.ResolveJSRequireCall || j.exports == nil {
		return api.OnResolveResult{Path: hostSpecial, External: true}, nil
	}
	return api.OnResolveResult{Path: hostSpecial, Namespace: hostNS, SideEffects: api.SideEffectsFalse}, nil
}

// hostModule binds each name by a call that esbuild drops when nobody imports it.
func (j jail) hostModule() string {
	var b strings.Builder
	for _, name := range j.exports {
		fmt.Fprintf(&b, "export const %s = /* @__PURE__ */ __host(%q);\n", name, name)
	}
	return b.String()
}

func (j jail) file(b api.PluginBuild, a api.OnResolveArgs) (api.OnResolveResult, error) {
	if _, own := a.PluginData.(resolved); own || a.Kind == api.ResolveEntryPoint || a.Namespace == hostNS {
		return api.OnResolveResult{}, nil
	}
	if a.Kind == api.ResolveJSDynamicImport {
		return api.OnResolveResult{}, errors.New("import() is not supported: use an import statement")
	}
	r := b.Resolve(a.Path, api.ResolveOptions{Importer: a.Importer, ResolveDir: a.ResolveDir, Kind: a.Kind, PluginData: resolved{}})
	if len(r.Errors) > 0 {
		if name, _ := nodeName(a.Path); nodeTexts[name] != "" {
			return api.OnResolveResult{Path: name, Namespace: nodeNS, SideEffects: api.SideEffectsFalse}, nil
		}
		return api.OnResolveResult{}, j.missing(a.Path, a.Importer)
	}
	if r.Namespace != "" && r.Namespace != "file" {
		return api.OnResolveResult{Path: r.Path, Namespace: r.Namespace, SideEffects: sideEffects(r.SideEffects)}, nil
	}
	real, err := j.inside(r.Path)
	if err != nil {
		return api.OnResolveResult{}, fmt.Errorf("%q is outside the scripts directory", a.Path)
	}
	j.trail.note(real, a.Importer)
	if err := j.foreign(real, a.Importer); err != nil {
		return api.OnResolveResult{}, err
	}
	return api.OnResolveResult{Path: real, SideEffects: sideEffects(r.SideEffects)}, nil
}

func sideEffects(has bool) api.SideEffects {
	if has {
		return api.SideEffectsTrue
	}
	return api.SideEffectsFalse
}
