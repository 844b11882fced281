// SPDX-License-Identifier: Apache-2.0

//go:build soong

package kheaders

import (
	"strconv"
	"strings"

	"android/soong/android"

	"github.com/google/blueprint"
	"github.com/google/blueprint/proptools"
)

// A kernel has more files than a command line holds, so they go into a list.
var packRule = pctx.AndroidStaticRule("pack", blueprint.RuleParams{
	Command:        "${packerCmd} pack $flags --files $out.files --out $out --manifest $manifest --report $report",
	CommandDeps:    []string{"${packerCmd}"},
	Rspfile:        "$out.files",
	RspfileContent: "$members",
	Description:    "kheaders pack $out",
}, "flags", "members", "manifest", "report")

type archiveProperties struct {
	// Files of the kernel's tree, source or generated. A file's place in the archive is its path below root.
	Srcs []string `android:"path"`

	// Files to leave out of srcs.
	Exclude_srcs []string `android:"path"`

	// The directory below this one that is the top of the kernel's tree. Default: this one. For the files of another
	// module, the top is that module's.
	Root *string

	// Tars of the kernel's files, plain or compressed with gzip, xz or zstd, such as the kernel-headers.tar.gz of a Kleaf dist.
	Headers []string `android:"path"`

	// The kernel's name of the architecture, as make takes it: arm64, x86_64.
	Kernel_arch *string

	// Module.symvers of modpost; a Kleaf dist also has it as vmlinux.symvers. Needed for the profile module.
	Module_symvers *string `android:"path"`

	// The kernel's .config. Needed for the profile module.
	Config *string `android:"path"`

	// include/config/kernel.release. Default: what the kernel's files say.
	Kernel_release *string `android:"path"`

	// What to pack. module (default): what building modules needs. tracing: headers alone, upstream's content. With
	// +uapi, the tree's usr/include too, the headers for programs.
	Profile *string

	// Patterns of further files to take. One that matches nothing is an error.
	Include []string

	// Patterns of members to leave out. One that matches nothing is an error.
	Exclude []string

	// strip (default) takes the comments and the indentation out of headers; lines leaves every line where it was; keep keeps them.
	Comments *string

	// Fail if the archive takes more than this many bytes.
	Capacity *int64
}

type archive struct {
	android.ModuleBase
	outputs

	properties archiveProperties
}

// kheaders_archive packs an archive of kernel headers. ":name" is the tar.xz, ":name{.manifest}" a list of its members
// and ":name{.report}" what was done, as JSON.
func archiveFactory() android.Module {
	m := &archive{}
	m.AddProperties(&m.properties)
	android.InitAndroidModule(m)
	return m
}

func (m *archive) GenerateAndroidBuildActions(ctx android.ModuleContext) {
	p := &m.properties
	profile := oneOf(ctx, "profile", p.Profile, "module", "tracing", "module+uapi", "tracing+uapi")
	comments := oneOf(ctx, "comments", p.Comments, "strip", "lines", "keep")
	if proptools.String(p.Kernel_arch) == "" {
		ctx.PropertyErrorf("kernel_arch", `is required: the kernel's name of the architecture, such as "arm64"`)
	}
	if len(p.Srcs) == 0 && len(p.Headers) == 0 {
		ctx.PropertyErrorf("headers", `is required where there are no srcs: the kernel's headers, such as ["kernel-headers.tar.gz"]`)
	}
	if p.Capacity != nil && (*p.Capacity <= 0 || *p.Capacity%4 != 0) {
		ctx.PropertyErrorf("capacity", "is %d: expected a multiple of 4, in bytes, such as 8388608", *p.Capacity)
	}

	flags := []string{"--profile", profile, flag("--arch", proptools.String(p.Kernel_arch)), "--comments", comments}
	var inputs android.Paths
	file := func(name, property string, value *string, what string) {
		if value == nil && (what == "" || !strings.HasPrefix(profile, "module")) {
			return
		}
		if path := source(ctx, property, value, what); path != nil {
			flags = append(flags, flag(name, path.String()))
			inputs = append(inputs, path)
		}
	}
	file("--symvers", "module_symvers", p.Module_symvers, `the profile module has Module.symvers, and a Kleaf dist has it as "vmlinux.symvers"; or set profile: "tracing"`)
	file("--config", "config", p.Config, `the kernel's .config decides what modules are built with; or set profile: "tracing"`)
	file("--release", "kernel_release", p.Kernel_release, "")
	for _, tar := range android.PathsForModuleSrc(ctx, p.Headers) {
		flags = append(flags, flag("--tree", tar.String()))
		inputs = append(inputs, tar)
	}
	for _, pattern := range p.Include {
		flags = append(flags, flag("--include", pattern))
	}
	for _, pattern := range p.Exclude {
		flags = append(flags, flag("--exclude", pattern))
	}
	if p.Capacity != nil {
		flags = append(flags, flag("--capacity", strconv.FormatInt(*p.Capacity, 10)))
	}
	srcs := android.PathsForModuleSrcExcludes(ctx, p.Srcs, p.Exclude_srcs)
	members := m.members(ctx, srcs)
	if ctx.Failed() {
		return
	}

	out := android.PathForModuleOut(ctx, ctx.ModuleName()+".tar.xz")
	manifest := android.PathForModuleOut(ctx, ctx.ModuleName()+".manifest")
	report := android.PathForModuleOut(ctx, ctx.ModuleName()+".pack.json")
	ctx.Build(pctx, android.BuildParams{
		Rule:            packRule,
		Description:     "kheaders pack " + ctx.ModuleName(),
		Inputs:          srcs,
		Implicits:       inputs,
		Output:          out,
		ImplicitOutputs: android.WritablePaths{manifest, report},
		Args: map[string]string{
			"flags":    join(flags...),
			"members":  strings.Join(members, " "),
			"manifest": manifest.String(),
			"report":   report.String(),
		},
	})
	m.provide(ctx, "", out)
	m.provide(ctx, ".manifest", manifest)
	m.provide(ctx, ".report", report)
}

// members returns NAME=FILE for each source.
func (m *archive) members(ctx android.ModuleContext, srcs android.Paths) []string {
	root := proptools.String(m.properties.Root)
	if root != "" && !inTree(root) {
		ctx.PropertyErrorf("root", "is %q: expected a directory below this one, without . or .., such as %q", root, "kernel-headers")
		return nil
	}
	var members []string
	for _, src := range srcs {
		name, file := src.Rel(), src.String()
		if root != "" && file == ctx.ModuleDir()+"/"+name {
			below := strings.TrimPrefix(name, root+"/")
			if below == name {
				ctx.PropertyErrorf("root", "is %q, and %s of srcs is not below it; leave that out, or put it into a filegroup with a path of its own", root, name)
				return nil
			}
			name = below
		}
		if strings.ContainsAny(file, " \t\n=") {
			ctx.PropertyErrorf("srcs", "has %q: expected a name without blanks and =; leave it out by exclude_srcs", file)
			return nil
		}
		members = append(members, name+"="+strings.ReplaceAll(file, "$", "$$"))
	}
	return members
}
