// SPDX-License-Identifier: Apache-2.0

//go:build soong

package kheaders

import (
	"path"
	"strings"

	"android/soong/android"

	"github.com/google/blueprint"
	"github.com/google/blueprint/proptools"
)

// The files get the time of unpacking, never that of the archive, which is the same for every archive: ninja would find
// them older than what was compiled with the ones before. What is left of an interrupted run goes first.
var unpackRule = pctx.AndroidStaticRule("unpack", blueprint.RuleParams{
	Command: "rm -rf $out $dir && ${patcherCmd} extract --carrier $in $flags --dir $dir && " +
		`for f in $wanted; do if [ ! -f $dir/$$f ]; then echo "$in: its archive has no $$f, which $module wants" >&2; exit 1; fi; done && ` +
		"touch $out",
	CommandDeps: []string{"${patcherCmd}"},
	Description: "kheaders unpack $in",
}, "dir", "flags", "wanted", "module")

type includeProperties struct {
	// What the headers are read from: a kheaders_archive, a stamped vmlinux, kheaders.ko or Image, a boot image.
	Carrier *string `android:"path"`

	// The directories of the archive that are include directories. Default: ["usr/include"], the headers for programs,
	// which an archive has if its profile has +uapi.
	Export_include_dirs []string

	// Headers of the archive that ninja knows as outputs. What includes one of them is compiled again in the same run in
	// which the archive changes; what includes others only, in the next. Default: linux/types.h of the include
	// directories that have it in every archive.
	Outs []string

	// The section of the carrier that holds the archive, when it is not the one that is found automatically.
	Section *string
}

type include struct {
	android.ModuleBase

	properties includeProperties
	dirs       android.Paths
	headers    android.Paths
	stamp      android.Path
}

// kheaders_include gives the headers of an archive to cc modules, by generated_headers. It has no OutputFiles, because
// the files are many and their names are known only when it is unpacked.
func includeFactory() android.Module {
	m := &include{}
	m.AddProperties(&m.properties)
	android.InitAndroidModule(m)
	return m
}

// typesHeader is in every set of kernel headers, and most others include it.
const typesHeader = "linux/types.h"

func (m *include) GenerateAndroidBuildActions(ctx android.ModuleContext) {
	p := &m.properties
	carrier := source(ctx, "carrier", p.Carrier, `what the headers are read from, such as ":kheaders" or "vmlinux"`)
	dirs := p.Export_include_dirs
	if len(dirs) == 0 {
		dirs = []string{"usr/include"}
	}
	outs := p.Outs
	for _, dir := range dirs {
		switch {
		case !inTree(dir):
			ctx.PropertyErrorf("export_include_dirs", "has %q: expected a directory of the archive, such as %q", dir, "usr/include")
		case p.Outs == nil && (dir == "usr/include" || dir == "include" || dir == "include/uapi"):
			outs = append(outs, path.Join(dir, typesHeader))
		}
	}
	for _, out := range outs {
		if !inTree(out) {
			ctx.PropertyErrorf("outs", "has %q: expected a header of the archive, such as %q", out, "usr/include/linux/types.h")
		}
	}
	if ctx.Failed() || carrier == nil {
		return
	}

	tree := android.PathForModuleGen(ctx, "tree")
	for _, dir := range dirs {
		m.dirs = append(m.dirs, android.PathForModuleGen(ctx, "tree", dir))
	}
	var implicit android.WritablePaths
	var wanted []string
	for _, name := range outs {
		header := android.PathForModuleGen(ctx, "tree", name)
		implicit = append(implicit, header)
		m.headers = append(m.headers, header)
		wanted = append(wanted, quote(name))
	}
	stamp := android.PathForModuleGen(ctx, "tree.stamp")
	ctx.Build(pctx, android.BuildParams{
		Rule:            unpackRule,
		Description:     "kheaders unpack " + ctx.ModuleName(),
		Input:           carrier,
		Output:          stamp,
		ImplicitOutputs: implicit,
		Args: map[string]string{
			"dir":    tree.String(),
			"flags":  flag("--section", proptools.String(p.Section)),
			"wanted": strings.Join(wanted, " "),
			"module": ctx.ModuleName(),
		},
	})
	m.stamp = stamp
	ctx.Phony(ctx.ModuleName(), stamp)
}

// The three methods are what cc asks of a module in generated_headers.

// GeneratedHeaderDirs are the include directories.
func (m *include) GeneratedHeaderDirs() android.Paths { return m.dirs }

// GeneratedSourceFiles are the headers that ninja knows by name.
func (m *include) GeneratedSourceFiles() android.Paths { return m.headers }

// GeneratedDeps is what must be there before anything is compiled.
func (m *include) GeneratedDeps() android.Paths {
	if m.stamp == nil {
		return nil
	}
	return android.Paths{m.stamp}
}
