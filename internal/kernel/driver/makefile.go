// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// A makefile is what a Kbuild file or a Makefile of Kbuild's says of the objects in
// its directory (Documentation/kbuild/makefiles.rst).
type makefile struct {
	file    string
	modules []object // NAME.o in obj-m, or in obj-$(CONFIG_…)
	dirs    []object // NAME/
}

// An object is a module or directory, and the option that it depends on, or "". A
// module that a shell decides on is one if dkms.conf names it.
type object struct {
	name, option string
	undecided    bool
}

var (
	assignment = regexp.MustCompile(`^\s*(?:export\s+|override\s+)*([^\s:#=+?!]+)\s*(:=|::=|\+=|\?=|!=|=)\s*(.*?)\s*$`)
	objVar     = regexp.MustCompile(`^obj-(?:m|y|\$[({](\w+)[)}])$`)
	shellCall  = regexp.MustCompile(`\$\(shell .*`)
	objectName = regexp.MustCompile(`([\w.-]+)\.o\b`)
)

// readMakefile reads a directory's Kbuild file, or else its Makefile. It returns
// nil where there is none, or it names no objects. All branches of conditions are
// taken: which of them make would take depends on the kernel.
func readMakefile(dir string) (*makefile, error) {
	var text []byte
	m := &makefile{}
	for _, name := range []string{"Kbuild", "Makefile"} {
		var err error
		if text, err = os.ReadFile(filepath.Join(dir, name)); err == nil {
			m.file = name
			break
		}
		if !os.IsNotExist(err) {
			return nil, err
		}
	}
	if m.file == "" {
		return nil, nil
	}
	variables := map[string]string{}
	for _, line := range strings.Split(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		if before, _, ok := strings.Cut(line, "#"); ok {
			line = before
		}
		found := assignment.FindStringSubmatch(line)
		if found == nil || strings.HasPrefix(line, "\t") {
			continue
		}
		name, operator, value := found[1], found[2], found[3]
		if operator == "+=" && variables[name] != "" {
			value = variables[name] + " " + value
		}
		if operator != "!=" {
			variables[name] = value
		}
	}
	for name, value := range variables {
		obj := objVar.FindStringSubmatch(name)
		if obj == nil {
			continue
		}
		option := obj[1]
		if set := variables[option]; set == "m" || set == "y" {
			option = "" // it sets the option itself
		}
		for _, found := range objectName.FindAllStringSubmatch(shellCall.FindString(value), -1) {
			m.modules = append(m.modules, object{name: found[1], option: option, undecided: true})
		}
		for _, word := range strings.Fields(expand(value, variables, 0)) {
			switch {
			case strings.HasSuffix(word, "/"):
				m.dirs = append(m.dirs, object{name: path.Clean(word), option: option})
			case strings.HasSuffix(word, ".o") && name != "obj-y":
				m.modules = append(m.modules, object{name: strings.TrimSuffix(word, ".o"), option: option})
			}
		}
	}
	if len(m.modules)+len(m.dirs) == 0 {
		return nil, nil
	}
	return m, nil
}

var (
	reference    = regexp.MustCompile(`\$[({]([^(){}$]*)[)}]`)
	substitution = regexp.MustCompile(`^(\w+):([^=]*)=(.*)$`)
)

// maxDepth bounds expansions in expansions.
const maxDepth = 20

// expand expands references to variables, and the functions by which makefiles make
// objects of names. What it does not know is nothing.
func expand(text string, variables map[string]string, depth int) string {
	for ; depth < maxDepth && reference.MatchString(text); depth++ {
		text = reference.ReplaceAllStringFunc(text, func(r string) string {
			inner := r[2 : len(r)-1]
			if value, ok := variables[inner]; ok {
				return value
			}
			if s := substitution.FindStringSubmatch(inner); s != nil {
				from, to := s[2], s[3]
				if !strings.Contains(from, "%") {
					from, to = "%"+from, "%"+to
				}
				return patsubst(from, to, expand(variables[s[1]], variables, depth+1))
			}
			function, rest, _ := strings.Cut(inner, " ")
			arguments := strings.Split(rest, ",")
			switch {
			case function == "addsuffix" && len(arguments) == 2:
				return patsubst("%", "%"+strings.TrimSpace(arguments[0]), arguments[1])
			case function == "addprefix" && len(arguments) == 2:
				return patsubst("%", strings.TrimSpace(arguments[0])+"%", arguments[1])
			case function == "patsubst" && len(arguments) == 3:
				return patsubst(strings.TrimSpace(arguments[0]), strings.TrimSpace(arguments[1]), arguments[2])
			case function == "sort" || function == "strip":
				return rest
			}
			return ""
		})
	}
	return text
}

// patsubst is make's function of that name.
func patsubst(from, to, words string) string {
	before, after, ok := strings.Cut(from, "%")
	var out []string
	for _, word := range strings.Fields(words) {
		if ok && strings.HasPrefix(word, before) && strings.HasSuffix(word, after) && len(word) >= len(before)+len(after) {
			word = strings.Replace(to, "%", word[len(before):len(word)-len(after)], 1)
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}
