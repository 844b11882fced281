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
	"strconv"
	"strings"
)

// A dkms is what a dkms.conf says (dkms(8)).
type dkms struct {
	name      string
	modules   []string          // BUILT_MODULE_LOCATION/BUILT_MODULE_NAME
	variables map[string]string // that its MAKE gives to make; sourceDir stands for the driver's directory
}

// sourceDir is in a variable where dkms.conf has the directory that it builds in.
const sourceDir = "\x00"

var (
	dkmsLine  = regexp.MustCompile(`^\s*([A-Z_]+)(?:\[(\d+|\$\w+|\$\{\w+\})\])?=(.*)$`)
	increment = regexp.MustCompile(`^\s*\w+=\$\(\(\s*\w+\s*\+\s*1\s*\)\)`)
	condition = regexp.MustCompile(`^\s*(if|fi)\b`)
	buildDir  = regexp.MustCompile(`(?:\$\{?dkms_tree\}?|/var/lib/dkms)/[\w.+~-]+/[\w.+~-]+/build`)
	shellName = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)
	makeWord  = regexp.MustCompile(`\b([A-Za-z_]\w*)=("(?:\\.|[^"\\])*"|'[^']*'|\\"[^"]*\\"|\S+)`)
)

// readDkms reads a directory's dkms.conf, or returns nil. The file is a shell
// script. It is not run: plain assignments are read, and indices that count up; all
// else is passed over. A module whose lines are inside an if depends on the kernel,
// and is left out.
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
	depth, counter := 0, 0
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		if found := condition.FindStringSubmatch(line); found != nil {
			depth += map[string]int{"if": 1, "fi": -1}[found[1]]
		}
		if increment.MatchString(line) {
			counter++
		}
		found := dkmsLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		name, index, value := found[1], found[2], unquote(strings.TrimSpace(found[3]))
		switch {
		case index == "":
			index = "0"
		case index[0] == '$':
			index = strconv.Itoa(counter)
		}
		if name == "BUILT_MODULE_NAME" && depth == 0 {
			order = append(order, index)
		}
		values[name+"["+index+"]"] = value
	}
	d := &dkms{name: values["PACKAGE_NAME[0]"], variables: map[string]string{}}
	for _, index := range order {
		name := expandShell(values["BUILT_MODULE_NAME["+index+"]"], values)
		if strings.Contains(name, "$") {
			continue
		}
		module := path.Join(expandShell(values["BUILT_MODULE_LOCATION["+index+"]"], values), name)
		if !slices.Contains(d.modules, module) {
			d.modules = append(d.modules, module)
		}
	}
	if len(d.modules) == 0 && d.name != "" {
		d.modules = []string{d.name} // dkms(8), BUILT_MODULE_NAME
	}
	_, arguments, _ := strings.Cut(expandShell(values["MAKE[0]"], values), "make ")
	for _, word := range makeWord.FindAllStringSubmatch(buildDir.ReplaceAllString(arguments, sourceDir), -1) {
		name, value := word[1], unquote(strings.ReplaceAll(word[2], `\"`, `"`))
		if name != "M" && name != "SUBDIRS" && !strings.ContainsAny(value, "$`") {
			d.variables[name] = value
		}
	}
	return d, nil
}

// expandShell replaces the names of variables that a dkms.conf itself sets, and
// leaves those that dkms sets.
func expandShell(text string, values map[string]string) string {
	for range maxDepth {
		before := text
		text = shellName.ReplaceAllStringFunc(text, func(r string) string {
			if v, ok := values[strings.Trim(r, "${}")+"[0]"]; ok {
				return v
			}
			return r
		})
		if text == before {
			break
		}
	}
	return text
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
