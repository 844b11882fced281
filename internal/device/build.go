// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// Built is what Build has made.
type Built struct {
	Tree    string   `json:"tree"`    // the headers it was built with
	Modules []string `json:"modules"` // absolute paths
	Load    []string `json:"load"`    // the commands that load them
}

// Path returns the tree that tools see.
func (d *Device) Path() (string, error) {
	release, err := d.Release()
	if err != nil {
		return "", err
	}
	if t := d.tree(release); t != nil {
		return t.Dir, nil
	}
	return "", fmt.Errorf("find headers of %s: none are unpacked; expected 'sudo kheaders mount' or 'sudo kheaders install' before", release)
}

// Build builds the modules of a directory, as 'make -C /lib/modules/REL/build
// M=DIR modules' does, and says how to load them. Without headers in place, it
// unpacks the archive for the time of the build.
func (d *Device) Build(dir string, stdout, stderr io.Writer) (b *Built, err error) {
	if d.image() {
		return nil, fmt.Errorf("build: modules are built on the device; expected no --root")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	if err := hasKbuild(dir); err != nil {
		return nil, err
	}
	tree, remove, err := d.treeToBuildWith()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	c, err := readTree(tree)
	if err != nil {
		return nil, err
	}
	if why := c.noModules(); why != "" {
		return nil, fmt.Errorf("build with %s: %s; expected a kernel that carries a complete archive", tree, why)
	}
	args := []string{"-C", tree, "M=" + dir, fmt.Sprintf("-j%d", runtime.NumCPU())}
	compiler := compilerOf(c.config())
	if compiler == "clang" {
		args = append(args, "LLVM=1")
	}
	var missing []string
	for _, program := range []string{"make", compiler} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("build in %s: no %s; expected '%s' before", dir, strings.Join(missing, ", "), installCommand(missing))
	}
	start := time.Now()
	cmd := exec.Command("make", append(args, "modules")...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build in %s: make failed: %w; its messages are above", dir, err)
	}
	return built(dir, tree, start)
}

// hasKbuild says what to write in a directory that make could not build.
func hasKbuild(dir string) error {
	for _, name := range []string{"Kbuild", "Makefile"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.c"))
	if err == nil && len(sources) == 1 {
		object := strings.TrimSuffix(filepath.Base(sources[0]), ".c") + ".o"
		return fmt.Errorf("build in %s: no Kbuild and no Makefile; expected one, as by: echo 'obj-m += %s' > %s/Kbuild", dir, object, dir)
	}
	return fmt.Errorf("build in %s: no Kbuild and no Makefile; expected the directory of a module's sources", dir)
}

// treeToBuildWith returns the headers in place, no matter who put them there, or
// unpacks the archive to a directory that remove removes.
func (d *Device) treeToBuildWith() (tree string, remove func() error, err error) {
	release, err := d.Release()
	if err != nil {
		return "", nil, err
	}
	keep := func() error { return nil }
	if d.From == "" {
		build := "/" + filepath.Join(modules, release, "build")
		if _, err := os.Stat(filepath.Join(build, "Makefile")); err == nil {
			return build, keep, d.complain(build)
		}
		if t := d.tree(release); t != nil {
			return t.Dir, keep, d.complain(t.Dir)
		}
	}
	a, err := d.Find()
	if err != nil {
		return "", nil, err
	}
	defer a.Close()
	scratch, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", nil, err
	}
	if err := os.Remove(scratch); err != nil {
		return "", nil, err
	}
	// A signal removes it too.
	if remove, err = kmake.MakeScratch(scratch); err != nil {
		return "", nil, err
	}
	tree = filepath.Join(scratch, "build")
	t, err := d.fill(a, tree)
	if err == nil && t.HostTools != "" {
		err = fmt.Errorf("build: %s", t.HostTools)
	}
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return tree, remove, nil
}

// complain says why a tree of this program's cannot build.
func (d *Device) complain(dir string) error {
	if t, err := readRecord(dir, false); err == nil && t.HostTools != "" {
		return fmt.Errorf("build: %s; expected 'sudo kheaders %s' first", t.HostTools, map[bool]string{true: "mount", false: "install"}[t.Memory])
	}
	return nil
}

// built lists the modules that are there now, made or up to date.
func built(dir, tree string, start time.Time) (*Built, error) {
	b := &Built{Tree: tree}
	order, err := os.ReadFile(filepath.Join(dir, "modules.order"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	seen := map[string]bool{}
	for _, line := range strings.Fields(string(order)) {
		// Absolute paths; since 6.13 relative ones; of .o since 6.4.
		name := strings.TrimSuffix(strings.TrimSuffix(line, ".o"), ".ko") + ".ko"
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if _, err := os.Stat(name); err != nil || seen[name] {
			continue
		}
		seen[name] = true
		b.Modules = append(b.Modules, name)
	}
	if len(b.Modules) == 0 {
		return nil, fmt.Errorf("build in %s: make built no module; expected a line as 'obj-m += hello.o' in its Kbuild or Makefile", dir)
	}
	for _, m := range b.Modules {
		load, err := loading(m)
		if err != nil {
			return nil, err
		}
		b.Load = append(b.Load, load...)
	}
	return b, nil
}

// loading are the commands that load a module: first what it needs.
func loading(module string) ([]string, error) {
	f, err := elf.Open(module)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", module, err)
	}
	defer f.Close()
	var commands []string
	if s := f.Section(".modinfo"); s != nil {
		p, err := s.Data()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", module, err)
		}
		for _, text := range strings.Split(string(p), "\x00") {
			needs, ok := strings.CutPrefix(text, "depends=")
			for _, need := range strings.Split(needs, ",") {
				if ok && need != "" {
					commands = append(commands, "sudo modprobe "+need)
				}
			}
		}
	}
	return append(commands, "sudo insmod "+quote(module)), nil
}

// quote makes a path one word of a shell.
func quote(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._+-,=@:", r))
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// Text says for people how to load the modules.
func (b *Built) Text(w io.Writer) error {
	_, err := fmt.Fprintf(w, "\nbuilt %s\nto load:\n  %s\n", strings.Join(b.Modules, ", "), strings.Join(b.Load, "\n  "))
	return err
}
