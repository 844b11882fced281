// SPDX-License-Identifier: Apache-2.0

// Package pair reads NAME=FILE, by which command lines say what a file is called.
package pair

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Split returns the name and the file. Neither may be empty.
func Split(text string) (name, file string, err error) {
	name, file, ok := strings.Cut(text, "=")
	if !ok || name == "" || file == "" {
		return "", "", fmt.Errorf("%q: expected NAME=FILE", text)
	}
	return name, file, nil
}

// Local is Split for a name that is a path in a tree: relative, and not out of it.
// It is returned without what is not needed in it, as "./".
func Local(text string) (name, file string, err error) {
	name, file, err = Split(text)
	if err == nil && !filepath.IsLocal(name) {
		err = fmt.Errorf("%q: expected NAME=FILE, NAME a path within the tree", text)
	}
	return filepath.Clean(name), file, err
}
