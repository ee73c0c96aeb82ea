package flow

import (
	"encoding/json"
	"fmt"
)

// check reads what the table could not check, and resolves the prompts.
func (v *gather) check(u *unit) error {
	for _, in := range v.Input {
		if in != "digits" {
			return fmt.Errorf("input %q is not built yet", in)
		}
	}
	switch {
	case v.Max < 0 || v.Max > 1000:
		return fmt.Errorf("max is %d; it must be from 0 (no limit) to 1000", v.Max)
	case v.Min < 0 || (v.Max > 0 && v.Min > v.Max):
		return fmt.Errorf("min is %d and max %d", v.Min, v.Max)
	case v.Tries < 1 || v.Tries > 100:
		return fmt.Errorf("tries is %d; it must be from 1 to 100", v.Tries)
	}
	if err := checkKeys("terminators", v.Terminators); err != nil {
		return err
	}
	var err error
	if v.barge, err = bargeIn(v.BargeIn); err != nil {
		return err
	}
	for i, raw := range []json.RawMessage{v.Prompt, v.RetryPrompt, v.InvalidPrompt} {
		if absent(raw) {
			continue
		}
		if v.prompts[i], err = u.sources(raw); err != nil {
			return err
		}
	}
	return nil
}

func absent(raw json.RawMessage) bool {
	s := string(raw)
	return s == "" || s == "null" || s == "[]"
}

// bargeIn is true, false or {digits: …}; what listens to speech is not there yet.
func bargeIn(raw json.RawMessage) (bool, error) {
	var plain bool
	if absent(raw) {
		return true, nil
	}
	if json.Unmarshal(raw, &plain) == nil {
		return plain, nil
	}
	parts := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return false, fmt.Errorf("bargeIn must be true, false or {digits: true}")
	}
	plain = true
	for name, value := range parts {
		if name != "digits" {
			return false, fmt.Errorf("bargeIn.%s is not built yet", name)
		}
		if json.Unmarshal(value, &plain) != nil {
			return false, fmt.Errorf("bargeIn.digits must be true or false")
		}
	}
	return plain, nil
}

// function reads {"$fn": id}, which a regular expression has too.
func function(raw json.RawMessage) (uint32, bool) {
	var f struct {
		Fn *uint32 `json:"$fn"`
	}
	if absent(raw) || json.Unmarshal(raw, &f) != nil || f.Fn == nil {
		return 0, false
	}
	return *f.Fn, true
}

func truthy(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "false", "0", `""`:
		return false
	}
	return true
}
