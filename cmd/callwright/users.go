package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/registrar"
)

const digestHelp = "digest that phones are asked for: md5, sha-256 or both; there are phones that give up at one they do not know"

// algorithms reads --digest.
func algorithms(text string) ([]string, error) {
	switch text {
	case "md5", "":
		return []string{registrar.MD5}, nil
	case "sha-256":
		return []string{registrar.SHA256}, nil
	case "both":
		return []string{registrar.SHA256, registrar.MD5}, nil
	}
	return nil, fmt.Errorf("--digest %s: it is md5, sha-256 or both", text)
}

const usersHelp = "YAML file of the users who may register: NAME: 'password', or NAME: {ha1: …}"

// absolute is a path that children of another directory find, too.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

// openUsers reads the file of users; nil without one.
func openUsers(path string) (func(string) (registrar.Secret, bool), error) {
	if path == "" {
		return nil, nil
	}
	f, err := registrar.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	return func(name string) (registrar.Secret, bool) { return f.User(time.Now(), name) }, nil
}

// admitted lets phones of any address register, which takes credentials, and those that
// have registered call.
func admitted(phones *registrar.Registrar) func(call.Flow, string) bool {
	return func(f call.Flow, method string) bool {
		return method == "REGISTER" || phones.Trusts(time.Now(), f)
	}
}
