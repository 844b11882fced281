// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/secret"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/source"
)

// A Kernel is what a kernel build is asked for. All paths of outputs are made;
// an empty one is not wanted.
type Kernel struct {
	kmake.Target
	source.Source
	Sizing               // finds a capacity and makes the placeholder, when none is given
	Base        string   // a goal of Kconfig to start from: tinyconfig, defconfig, …
	Fragments   []string // files of options on top of it, a later one wins
	Placeholder string   // an archive not stamped yet; "" when the kernel has no IKHEADERS
	Variables   []string // further NAME=VALUE for make
	UAPI        bool     // make the sanitised user headers too, usr/include
	AllowSeed   bool     // build a kernel with RANDSTRUCT, whose seed is then in Headers, ImageTree and Objects
	Place       []string // "NAME=FILE": put into the objects' tree first, as certs/signing_key.pem

	Vmlinux, Symvers, Config, Release, SystemMap string

	// Headers is a tar of all that an archive may be made from: source and
	// generated headers, Makefiles, scripts and host tools, named as in a tree.
	Headers string
	// ImageTree is a tar of what the image's wrapper is made from, without
	// vmlinux: members source/… and object/….
	ImageTree string
	// Outs are further files of the objects' tree to output: "lib/crc7.ko=FILE".
	Outs []string
	// Objects is a tar of the whole objects' tree, for Relink.
	Objects string
	// Report is JSON: see KernelReport.
	Report string

	Scratch string    // where to work: see scratch.Run
	Log     io.Writer // what a failing program printed
}

// A KernelReport says how a kernel was built, for tests and for the curious.
type KernelReport struct {
	Release string `json:"release"`
	Arch    string `json:"arch"`
	// SourceFiles is the number of files and directories of the source;
	// SourceReadOnly says that a program run as make was could not write there.
	SourceFiles    int      `json:"source_files"`
	SourceReadOnly bool     `json:"source_read_only"`
	SourceChanged  []string `json:"source_changed"`
	// Capacity is the reservation's, in bytes; 0 when there is none.
	Capacity int64 `json:"capacity"`
}

// Build builds the kernel.
func (k Kernel) Build() error {
	if err := kmake.Absolute(&k.Placeholder, &k.Packer); err != nil {
		return err
	}
	if err := kmake.AbsoluteAll(k.Fragments); err != nil {
		return err
	}
	src, obj, err := unpack(k.Source, k.Log, k.Scratch)
	if err != nil {
		return err
	}
	readOnly, err := k.readOnly(src)
	if err != nil {
		return err
	}
	before, err := state(src)
	if err != nil {
		return err
	}
	report := KernelReport{Arch: k.Arch, SourceFiles: len(before), SourceReadOnly: readOnly}
	options, err := k.configure(src, obj)
	if err != nil {
		return err
	}
	if options["CONFIG_DEBUG_INFO_BTF"] == "y" {
		flags, err := kmake.PaholeFlags(k.Log, src, obj, k.Scratch)
		if err != nil {
			return err
		}
		// Before the caller's, of which a later one wins.
		k.Variables = append(flags, k.Variables...)
	}
	if err := source.Place(obj, k.Place); err != nil {
		return err
	}
	if k.UAPI {
		if _, err := k.make(src, obj, nil, "headers"); err != nil {
			return err
		}
	}
	if k.Packer != "" {
		if k.Placeholder, err = k.reserve(src, obj); err != nil {
			return err
		}
	}
	if k.Placeholder != "" {
		// Kbuild may keep the command that embeds it, and so its path, among the objects: 7.2 does.
		embedded := filepath.Join(k.Scratch, "placeholder.tar.xz")
		if k.Packer == "" {
			if err := kmake.CopyFile(k.Placeholder, embedded); err != nil {
				return err
			}
		}
		k.Placeholder = embedded
		info, err := os.Stat(embedded)
		if err != nil {
			return err
		}
		report.Capacity = info.Size()
	}
	if _, err := k.make(src, obj, k.embed(k.Placeholder), "vmlinux", "modules"); err != nil {
		return err
	}
	if err := k.collect(src, obj, &report); err != nil {
		return err
	}
	after, err := state(src)
	if err != nil {
		return err
	}
	if report.SourceChanged = changed(before, after); len(report.SourceChanged) > 0 {
		return fmt.Errorf("build the kernel: the build wrote to its source, which must stay as it was: %s", strings.Join(report.SourceChanged, ", "))
	}
	return writeReport(k.Report, report)
}

// readOnly says whether a program that is run as make is cannot write to src. What
// it writes where it can is removed.
func (k Kernel) readOnly(src string) (bool, error) {
	const probe = "Makefile.probe"
	if _, err := kmake.Run(io.Discard, src, k.Scratch, "touch", probe); err != nil {
		return true, nil
	}
	return false, os.Remove(filepath.Join(src, probe))
}

func writeReport(file string, report any) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(file, 0o644, append(text, '\n'))
}

// make runs make on the source with O=obj.
func (k Kernel) make(src, obj string, variables []string, goals ...string) ([]byte, error) {
	args := append(k.Args(), "-s", "-C", src, "O="+obj)
	args = append(append(append(args, debugPaths(k.Scratch, k.Variables)...), variables...), goals...)
	return kmake.Run(k.Log, k.Scratch, k.Scratch, "make", args...)
}

// reserves says whether the kernel is to have room for an archive.
func (k Kernel) reserves() bool { return k.Placeholder != "" || k.Packer != "" }

// configure makes obj/.config, and returns its options.
func (k Kernel) configure(src, obj string) (map[string]string, error) {
	if _, err := k.make(src, obj, nil, k.Base); err != nil {
		return nil, err
	}
	config := filepath.Join(obj, ".config")
	all, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	// Kconfig takes the last value of an option, and warns of the earlier ones.
	if k.reserves() {
		all = append(all, "CONFIG_IKHEADERS=y\n"...)
	}
	for _, f := range k.Fragments {
		text, err := infile.ReadFile(f)
		if err != nil {
			return nil, err
		}
		all = append(append(all, text...), '\n')
	}
	if err := os.WriteFile(config, all, 0o644); err != nil {
		return nil, err
	}
	if _, err := k.make(src, obj, nil, "olddefconfig"); err != nil {
		return nil, err
	}
	if err := checkHonoured(config, k.Fragments); err != nil {
		return nil, err
	}
	options, err := kconfig.ReadFile(config)
	if err != nil {
		return nil, err
	}
	if err := k.checkRandstruct(options); err != nil {
		return nil, err
	}
	return options, k.checkRoom(options)
}

// checkRandstruct fails for a kernel whose structs have a secret layout: what is
// exported of its build leads to the seed.
func (k Kernel) checkRandstruct(options map[string]string) error {
	for _, option := range secret.RandstructOptions {
		if options[option] == "y" && !k.AllowSeed {
			return fmt.Errorf("configure the kernel: %s=y: modules can be built only with the RANDSTRUCT seed, which would be in the kernel's outputs and in its archive, "+
				"where all users of the machine can read it; turn the option off, or set allow_randstruct_seed", option)
		}
	}
	return nil
}

// checkRoom fails if there is to be room for an archive, and the kernel as it is
// configured has none.
func (k Kernel) checkRoom(options map[string]string) error {
	if value := options["CONFIG_IKHEADERS"]; k.reserves() && (value == "" || value == "n") {
		return errors.New("configure the kernel: CONFIG_IKHEADERS is not set, so the kernel would have no room for an archive: " +
			"a fragment turns it off, or CONFIG_SYSFS, which it needs; change that, or give no capacity and no placeholder")
	}
	return nil
}

// embed are the variables that make Kbuild embed an archive where its own
// script would pack one. Two are given because the recipe is cmd_genikh up to
// 6.16 and cmd_kheaders_data from 6.17 on (kernel/Makefile); the other one is
// then not used. The recipe runs at every make, so it must not touch a file that
// is right already: that would link vmlinux again.
func (k Kernel) embed(archive string) []string {
	if archive == "" {
		return nil
	}
	copy := fmt.Sprintf("cmp -s %[1]s $@ || cp %[1]s $@", archive)
	return []string{
		"cmd_genikh=" + copy,
		"cmd_kheaders_data=" + copy + "; : > $(depfile)",
	}
}

// collect outputs what the build made.
func (k Kernel) collect(src, obj string, report *KernelReport) error {
	release, err := os.ReadFile(filepath.Join(obj, "include/config/kernel.release"))
	if err != nil {
		return err
	}
	report.Release = strings.TrimSpace(string(release))
	copies := [][2]string{
		{"vmlinux", k.Vmlinux}, {"Module.symvers", k.Symvers}, {".config", k.Config},
		{"include/config/kernel.release", k.Release}, {"System.map", k.SystemMap},
	}
	for _, o := range k.Outs {
		in, out, err := pair.Split(o)
		if err != nil {
			return fmt.Errorf("output %w", err)
		}
		copies = append(copies, [2]string{in, out})
	}
	copies = slices.DeleteFunc(copies, func(c [2]string) bool { return c[1] == "" })
	// All is there before the first is copied.
	for _, c := range copies {
		if _, err := os.Stat(filepath.Join(obj, c[0])); err != nil {
			return fmt.Errorf("output %s: the build made no such file; set the option that makes it in a fragment (=m for a module)", c[0])
		}
	}
	for _, c := range copies {
		if err := kmake.CopyFile(filepath.Join(obj, c[0]), c[1]); err != nil {
			return err
		}
	}
	if k.Headers != "" {
		if err := k.writeHeaders(src, obj); err != nil {
			return err
		}
	}
	if k.Objects != "" {
		if err := k.writeObjects(obj); err != nil {
			return err
		}
	}
	if k.ImageTree != "" {
		return k.makeImageTree(src, obj)
	}
	return nil
}
