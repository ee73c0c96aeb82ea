package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const configFlag = "config"

// applySettings fills flags that were not typed: from the environment, then from
// the file of --config, so that flag > environment > file > default.
func applySettings(c *cobra.Command, env func(string) (string, bool)) error {
	var err error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || f.Name == "help" {
			return
		}
		name := envName(f.Name)
		if v, ok := env(name); ok {
			if e := c.Flags().Set(f.Name, v); e != nil {
				err = refuse("%s=%q: %w", name, v, e)
			}
		}
	})
	if err != nil {
		return err
	}
	f := c.Flags().Lookup(configFlag)
	if f == nil || f.Value.String() == "" {
		return nil
	}
	return applyFile(c, f.Value.String())
}

// envName is the variable of a flag: CALLWRIGHT_RTP_PORTS for rtp-ports.
func envName(flag string) string {
	return "CALLWRIGHT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func applyFile(c *cobra.Command, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return refuse("config: %w", err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(b, &doc); err != nil {
		// The library's message draws the lines around the error; one line is ours.
		first, _, _ := strings.Cut(err.Error(), "\n")
		return refuse("config %s: %s", path, first)
	}
	var keys []string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && f.Name != configFlag {
			keys = append(keys, f.Name)
		}
	})
	for key, value := range doc {
		if !slices.Contains(keys, key) {
			if near := nearest(key, keys); near != "" {
				return refuse("config %s: no key %q, did you mean %q?", path, key, near)
			}
			return refuse("config %s: no key %q; the keys are %s", path, key, strings.Join(keys, ", "))
		}
		f := c.Flags().Lookup(key)
		if f.Changed {
			continue
		}
		if err := setFromFile(f, value); err != nil {
			return refuse("config %s: %s: %w", path, key, err)
		}
		f.Changed = true
	}
	return nil
}

// setFromFile gives a flag a YAML scalar, or a list where it may be repeated.
func setFromFile(f *pflag.Flag, value any) error {
	items, isList := value.([]any)
	many, mayRepeat := f.Value.(pflag.SliceValue)
	switch {
	case isList && !mayRepeat:
		return fmt.Errorf("takes one value, not a list")
	case !isList:
		items = []any{value}
	}
	texts := make([]string, len(items))
	for i, item := range items {
		switch item.(type) {
		case map[string]any, []any, nil:
			return fmt.Errorf("takes text or a number, not %T", item)
		}
		texts[i] = fmt.Sprint(item)
	}
	if mayRepeat {
		return many.Replace(texts)
	}
	return f.Value.Set(texts[0])
}
