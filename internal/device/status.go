// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/stamp"
)

// Status is what there is, and what can be done with it.
type Status struct {
	Release string   `json:"release"`
	Archive *Archive `json:"archive"`         // null if there is none to use
	Error   string   `json:"error,omitempty"` // why
	Intact  bool     `json:"intact"`          // it was decoded, and has the digest that it says
	Kind    string   `json:"kind,omitempty"`  // "complete", or "headers" for what cannot build modules
	Tree    *Tree    `json:"tree"`            // null if there is none
	// Build is where /lib/modules/REL/build leads, "" if it is not there.
	Build   string   `json:"build"`
	Modules Ability  `json:"modules"`
	EBPF    Ability  `json:"ebpf"`
	BTF     Ability  `json:"btf"`               // of modules
	Missing []string `json:"missing,omitempty"` // programs, to install
	Next    string   `json:"next,omitempty"`    // what to do
}

// Ability says whether something can be built here.
type Ability struct {
	Can bool   `json:"can"`
	Why string `json:"why,omitempty"` // it cannot
}

// Status looks at everything, and changes nothing.
func (d *Device) Status() (*Status, error) {
	s := &Status{}
	release, err := d.Release()
	if err != nil && d.From == "" {
		return nil, err
	}
	a, err := d.Find()
	if err != nil {
		s.Error = err.Error()
	}
	c := &contents{}
	if a != nil {
		defer a.Close()
		if release == "" {
			release = a.Release
		}
		s.Archive = a
		if err := d.decode(a, c); err != nil {
			s.Error = fmt.Sprintf("the archive in %s is damaged: %v", a.File, err)
		} else {
			s.Intact, s.Kind = true, "complete"
			if c.noModules() != "" {
				s.Kind = "headers"
			}
		}
	}
	if s.Release = release; release == "" {
		return s, nil
	}
	if t := d.tree(release); t != nil {
		s.Tree = t
		if c, err = readTree(t.Dir); err != nil {
			return nil, err
		}
	}
	build, err := d.path(modules, release, "build")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(build); err == nil {
		s.Build = build
		if to, err := filepath.EvalSymlinks(build); err == nil {
			s.Build = to
		}
	}
	s.abilities(d, c)
	return s, nil
}

// tree returns the tree that tools see, or nil.
func (d *Device) tree(release string) *Tree {
	memory, disk, err := d.trees(release)
	if err != nil {
		return nil
	}
	if t, err := readRecord(disk, false); err == nil {
		return t
	}
	if t, err := readRecord(memory, true); err == nil {
		return t
	}
	return nil
}

// decode reads all of an archive, and so verifies its digests.
func (d *Device) decode(a *Archive, c *contents) error {
	r, size, err := a.src.Tar()
	if err != nil {
		return err
	}
	m := d.meter(r, "verifying", size)
	defer m.end()
	return c.scan(io.LimitReader(m, size+1))
}

func (s *Status) abilities(d *Device, c *contents) {
	if c.names == nil {
		none := Ability{Why: "no archive"}
		s.Modules, s.EBPF, s.BTF = none, none, none
		return
	}
	config := c.config()
	need := func(program string) bool {
		if d.image() {
			return true
		}
		if _, err := exec.LookPath(program); err == nil {
			return true
		}
		s.Missing = append(s.Missing, program)
		return false
	}
	cc := compilerOf(config)
	switch {
	case c.noModules() != "":
		s.Modules.Why = c.noModules()
	case s.Tree != nil && s.Tree.HostTools != "":
		s.Modules.Why = s.Tree.HostTools
	}
	if c.noModules() == "" {
		make, compiler := need("make"), need(cc)
		if s.Modules.Why == "" && !(make && compiler) {
			s.Modules.Why = "programs are missing"
		}
	}
	s.Modules.Can = s.Modules.Why == ""
	if s.EBPF.Why = c.noEBPF(); s.EBPF.Why == "" {
		s.EBPF.Can = true
	}
	switch {
	case c.noModules() != "":
		s.BTF.Why = "no modules"
	case config["CONFIG_DEBUG_INFO_BTF_MODULES"] != "y":
		s.BTF.Why = "the kernel has no CONFIG_DEBUG_INFO_BTF_MODULES"
	case s.Tree != nil:
		s.BTF.Why = s.Tree.BTF
	default:
		s.BTF.Why = d.noPahole()
	}
	s.BTF.Can = s.BTF.Why == ""
	s.Next = s.next(d)
}

func (s *Status) next(d *Device) string {
	switch {
	case len(s.Missing) > 0 && s.Modules.Why != "":
		return installCommand(s.Missing)
	case s.Tree == nil && s.Build != "":
		return "" // other headers serve
	case s.Tree == nil && s.Archive != nil && d.image():
		return "kheaders install --root " + d.Root
	case s.Tree == nil && s.Archive != nil:
		return "sudo kheaders mount"
	case s.Tree != nil && s.Modules.Can && s.Build != "":
		return "kheaders build DIR, or make -C /lib/modules/$(uname -r)/build M=DIR"
	case s.Tree != nil && s.Tree.Memory:
		return "sudo kheaders mount"
	case s.Tree != nil:
		return "sudo kheaders install"
	}
	return ""
}

// managers are commands that install a program's package, by the program that
// is there. Packages have the programs' names.
var managers = [][2]string{
	{"apt-get", "sudo apt-get install"}, {"dnf", "sudo dnf install"}, {"apk", "sudo apk add"}, {"pacman", "sudo pacman -S"}, {"zypper", "sudo zypper install"},
}

func installCommand(programs []string) string {
	for _, m := range managers {
		if _, err := exec.LookPath(m[0]); err == nil {
			return m[1] + " " + strings.Join(programs, " ")
		}
	}
	return "install " + strings.Join(programs, " ")
}

// compilerOf is the program that a kernel's modules are compiled with.
func compilerOf(config map[string]string) string {
	if config["CONFIG_CC_IS_CLANG"] == "y" {
		return "clang"
	}
	return "gcc"
}

// Problem says why a status is no good news, or returns nil.
func (s *Status) Problem() error {
	if s.Error != "" && s.Tree == nil && s.Build == "" {
		return errors.New(s.Error)
	}
	return nil
}

// Text writes the status for people.
func (s *Status) Text(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name+":", fmt.Sprintf(format, args...))
	}
	if s.Release != "" {
		line("kernel", "%s", s.Release)
	}
	switch {
	case s.Archive == nil:
		line("archive", "none")
	case !s.Intact:
		line("archive", "%s, damaged", s.Archive.File)
	case s.Archive.State == stamp.StateForeign:
		line("archive", "%s, %s, not made by packer", s.Archive.File, mib(s.Archive.Size))
	default:
		line("archive", "%s, %s, intact, %d files", s.Archive.File, mib(s.Archive.Size), s.Archive.Members)
	}
	if s.Error != "" && s.Problem() == nil {
		line("problem", "%s", s.Error)
	}
	switch {
	case s.Tree == nil && s.Build != "":
		line("headers", "%s, of another package", s.Build)
	case s.Tree == nil:
		line("headers", "not unpacked")
	case s.Tree.Memory:
		line("headers", "%s, in memory until reboot", s.Tree.Dir)
	default:
		line("headers", "%s, on disk", s.Tree.Dir)
	}
	if s.Archive != nil || s.Tree != nil {
		for _, a := range []struct {
			name string
			Ability
		}{{"modules", s.Modules}, {"eBPF", s.EBPF}, {"BTF", s.BTF}} {
			if a.Can {
				line(a.name, "yes")
			} else {
				line(a.name, "no: %s", a.Why)
			}
		}
	}
	if len(s.Missing) > 0 {
		line("missing", "%s", strings.Join(s.Missing, ", "))
	}
	if s.Next != "" {
		line("next", "%s", s.Next)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mib is a size for people.
func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
