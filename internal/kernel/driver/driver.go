// SPDX-License-Identifier: Apache-2.0

// Package driver writes kernel_module targets for a driver outside the kernel's
// tree, from its dkms.conf, its Kbuild files and its Makefiles.
package driver

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Target is the modules that one Kbuild file makes.
type Target struct {
	Name      string            `json:"name"`
	Dir       string            `json:"dir"`       // of the Kbuild file, "" for the driver's own
	Modules   []string          `json:"modules"`   // paths of .ko files below Dir
	Variables map[string]string `json:"variables"` // of make
	Config    map[string]string `json:"config"`    // options of the driver's own
	Exclude   []string          `json:"exclude"`   // Kbuild files and Makefiles that are not of this target
}

// Read returns the targets of a driver's directory. A dkms.conf says which modules
// are wanted; without one they are all that the Kbuild files name.
func Read(dir string) ([]Target, error) {
	files, err := makefiles(dir)
	if err != nil {
		return nil, err
	}
	conf, err := readDkms(dir)
	if err != nil {
		return nil, err
	}
	var wanted []string
	variables := map[string]string{}
	name := filepath.Base(dir)
	if conf != nil {
		wanted, variables = conf.modules, conf.variables
		if conf.name != "" {
			name = conf.name
		}
	}
	var targets []Target
	for _, root := range roots(files) {
		found := reach(files, root, "")
		t := Target{Dir: root, Variables: maps.Clone(variables), Config: map[string]string{}}
		for _, o := range found {
			full := path.Join(root, o.name)
			if conf == nil && o.undecided {
				continue
			}
			if conf != nil && !slices.ContainsFunc(wanted, func(w string) bool { return w == full || path.Base(w) == path.Base(full) }) {
				continue
			}
			if !slices.Contains(t.Modules, o.name+".ko") {
				t.Modules = append(t.Modules, o.name+".ko")
			}
			switch {
			case strings.HasPrefix(o.option, "CONFIG_"):
				t.Config[o.option] = "m"
			case o.option != "":
				t.Variables[o.option] = "m"
			}
		}
		if len(t.Modules) > 0 {
			t.place()
			slices.Sort(t.Modules)
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("import %s: no Kbuild file or Makefile in it names a module of its own (obj-m); write the target by hand", dir)
	}
	for _, w := range wanted {
		if rank([]string{w}, targets...) > 0 {
			return nil, fmt.Errorf("import %s: dkms.conf has the module %s, which no Kbuild file or Makefile in it names; write the targets by hand", dir, w)
		}
	}
	// As dkms lists them: one may use what another exports.
	slices.SortStableFunc(targets, func(a, b Target) int { return rank(wanted, a) - rank(wanted, b) })
	for i := range targets {
		t := &targets[i]
		t.Name = name
		if len(targets) > 1 {
			t.Name = strings.TrimSuffix(path.Base(t.Modules[0]), ".ko")
		}
		t.Name = clean(t.Name)
		// The rule takes the topmost of these for the Kbuild file.
		for file := range files {
			if d := path.Dir(file); (d == "." && t.Dir != "") || t.Dir != "" && d != t.Dir && !strings.HasPrefix(d, t.Dir+"/") {
				t.Exclude = append(t.Exclude, file)
			}
		}
		slices.Sort(t.Exclude)
	}
	return targets, nil
}

// place has variables of make's name the driver's directory from that of the Kbuild
// file, which is $(M), and puts those that are options among these.
func (t *Target) place() {
	up := "$(M)"
	if t.Dir != "" {
		up += strings.Repeat("/..", strings.Count(t.Dir, "/")+1)
	}
	for name, value := range t.Variables {
		t.Variables[name] = strings.ReplaceAll(value, sourceDir, up)
		if strings.HasPrefix(name, "CONFIG_") {
			t.Config[name] = value
			delete(t.Variables, name)
		}
	}
}

// rank is where dkms lists the first of the targets' modules.
func rank(wanted []string, targets ...Target) int {
	for i, w := range wanted {
		for _, t := range targets {
			if slices.ContainsFunc(t.Modules, func(m string) bool { return path.Base(m) == path.Base(w)+".ko" }) {
				return i
			}
		}
	}
	return len(wanted)
}

// clean makes a name that a target may have.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("~+: ", r) {
			return '_'
		}
		return r
	}, name)
}

// makefiles are all Kbuild files and Makefiles below a directory, by their path,
// with what those of Kbuild's say. Others are nil.
func makefiles(dir string) (map[string]*makefile, error) {
	files := map[string]*makefile{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "debian") {
			return filepath.SkipDir
		}
		if d.Name() != "Kbuild" && d.Name() != "Makefile" || d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		m, err := readMakefile(filepath.Dir(file))
		if err == nil && m != nil && m.file != d.Name() {
			m = nil // Kbuild wins
		}
		files[filepath.ToSlash(rel)] = m
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("import %s: it has no Kbuild file and no Makefile; expected a driver's directory", dir)
	}
	return files, nil
}

// at is what a directory's file says, or nil.
func at(files map[string]*makefile, dir string) *makefile {
	for _, name := range []string{"Kbuild", "Makefile"} {
		if m := files[path.Join(dir, name)]; m != nil {
			return m
		}
	}
	return nil
}

// roots are the directories that make is to be run for: those that no other one
// leads to, the topmost first.
func roots(files map[string]*makefile) []string {
	led := map[string]bool{}
	var dirs []string
	for file, m := range files {
		if m == nil {
			continue
		}
		dir := path.Dir(file)
		if dir == "." {
			dir = ""
		}
		dirs = append(dirs, dir)
		for _, d := range m.dirs {
			led[path.Join(dir, d.name)] = true
		}
	}
	dirs = slices.DeleteFunc(dirs, func(d string) bool { return led[d] })
	slices.SortFunc(dirs, func(a, b string) int {
		if n := strings.Count(a, "/") - strings.Count(b, "/"); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return dirs
}

// reach returns the modules that a directory's file makes, below it too.
func reach(files map[string]*makefile, dir, below string) []object {
	m := at(files, path.Join(dir, below))
	if m == nil || strings.Count(below, "/") > maxDepth {
		return nil
	}
	found := map[object]bool{}
	for _, o := range m.modules {
		o.name = path.Join(below, o.name)
		found[o] = true
	}
	for _, d := range m.dirs {
		for _, o := range reach(files, dir, path.Join(below, d.name)) {
			if o.option == "" {
				o.option = d.option
			}
			found[o] = true
		}
	}
	all := slices.Collect(maps.Keys(found))
	slices.SortFunc(all, func(a, b object) int { return strings.Compare(a.name+" "+a.option, b.name+" "+b.option) })
	return all
}
