// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A dkms is what a dkms.conf says (dkms(8)).
type dkms struct {
	name      string
	modules   []string          // BUILT_MODULE_LOCATION/BUILT_MODULE_NAME
	variables map[string]string // that its MAKE gives to make
}

var (
	dkmsLine  = regexp.MustCompile(`^\s*([A-Z_]+)(?:\[(\d+)\])?=(.*)$`)
	shellName = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)
	makeWord  = regexp.MustCompile(`\b([A-Za-z_]\w*)=("(?:\\.|[^"\\])*"|'[^']*'|\\"[^"]*\\"|\S+)`)
)

// readDkms reads a directory's dkms.conf, or returns nil. The file is a shell
// script. It is not run: a plain assignment is read, all else is passed over.
func readDkms(dir string) (*dkms, error) {
	text, err := os.ReadFile(filepath.Join(dir, "dkms.conf"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	var order []string
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		found := dkmsLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		name, index, value := found[1], found[2], unquote(strings.TrimSpace(found[3]))
		if index == "" {
			index = "0"
		}
		if name == "BUILT_MODULE_NAME" {
			order = append(order, index)
		}
		values[name+"["+index+"]"] = value
	}
	known := func(text string) string {
		return shellName.ReplaceAllStringFunc(text, func(r string) string {
			name := strings.Trim(r, "${}")
			if v, ok := values[name+"[0]"]; ok && (name == "PACKAGE_NAME" || name == "PACKAGE_VERSION") {
				return v
			}
			return r
		})
	}
	d := &dkms{name: values["PACKAGE_NAME[0]"], variables: map[string]string{}}
	for _, index := range order {
		name := known(values["BUILT_MODULE_NAME["+index+"]"])
		if strings.Contains(name, "$") {
			continue
		}
		module := path.Join(known(values["BUILT_MODULE_LOCATION["+index+"]"]), name)
		if !slices.Contains(d.modules, module) {
			d.modules = append(d.modules, module)
		}
	}
	if len(d.modules) == 0 && d.name != "" {
		d.modules = []string{d.name} // dkms(8), BUILT_MODULE_NAME
	}
	_, arguments, _ := strings.Cut(known(values["MAKE[0]"]), "make ")
	for _, word := range makeWord.FindAllStringSubmatch(arguments, -1) {
		name, value := word[1], unquote(strings.ReplaceAll(word[2], `\"`, `"`))
		if name != "M" && name != "SUBDIRS" && !strings.Contains(value, "$") {
			d.variables[name] = value
		}
	}
	return d, nil
}

// unquote takes away the quotes round a word of a shell's.
func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		if end := strings.LastIndexByte(s, s[0]); end > 0 {
			return s[1:end]
		}
	}
	word, _, _ := strings.Cut(s, " ")
	return word
}
