// SPDX-License-Identifier: Apache-2.0

//go:build soong

package kheaders

import (
	"strings"

	"android/soong/android"

	"github.com/google/blueprint"
	"github.com/google/blueprint/proptools"
)

var stampRule = pctx.AndroidStaticRule("stamp", blueprint.RuleParams{
	Command:     "${patcherCmd} stamp --carrier $in --archive $archive $flags --out $out --report $report",
	CommandDeps: []string{"${patcherCmd}"},
	Description: "kheaders stamp $out",
}, "archive", "flags", "report")

type stampProperties struct {
	// The prebuilt file that holds a placeholder.
	Src *string `android:"path"`

	// The archive to stamp into it: a kheaders_archive, or a file that packer wrote.
	Archive *string `android:"path"`

	// The name of the stamped file. Default: the name of src.
	Stem *string

	// Replace an archive that was stamped before.
	Restamp *bool
}

// elfProperties say where the placeholder is, when it is not where it is found automatically. A raw image has neither.
type elfProperties struct {
	// The section that is the placeholder.
	Section *string

	// Two symbols, start and end, between which the placeholder is.
	Symbols []string
}

type stamped struct {
	android.ModuleBase
	outputs

	what       string // of src, for messages
	suffix     string // that src has
	properties stampProperties
	elf        elfProperties
}

// kheaders_vmlinux stamps an archive into a prebuilt vmlinux. ":name" is the stamped file, ":name{.report}" what was
// done, as JSON.
func vmlinuxFactory() android.Module {
	m := &stamped{what: `the kernel's ELF file, such as "vmlinux"`}
	m.AddProperties(&m.properties, &m.elf)
	android.InitAndroidModule(m)
	return m
}

// kheaders_module stamps an archive into a prebuilt kheaders.ko. A signed one is refused: the order is stamp, strip, sign.
func moduleFactory() android.Module {
	m := &stamped{what: `the kernel module that carries the archive, such as "kheaders.ko"`, suffix: ".ko"}
	m.AddProperties(&m.properties, &m.elf)
	android.InitAndroidModule(m)
	return m
}

// kheaders_image stamps an archive into a raw kernel image, as arm64 and riscv have, for bootimg's kernel_prebuilt.
func imageFactory() android.Module {
	m := &stamped{what: `the raw kernel image, such as "Image"`}
	m.AddProperties(&m.properties)
	android.InitAndroidModule(m)
	return m
}

func (m *stamped) GenerateAndroidBuildActions(ctx android.ModuleContext) {
	p := &m.properties
	src := source(ctx, "src", p.Src, m.what)
	archive := source(ctx, "archive", p.Archive, `the module that packs it, such as ":kheaders"`)
	symbols := strings.Join(m.elf.Symbols, ",")
	if n := len(m.elf.Symbols); n != 0 && n != 2 {
		ctx.PropertyErrorf("symbols", `has %d names: expected two, such as ["kernel_headers_data", "kernel_headers_data_end"]`, n)
	}
	if symbols != "" && m.elf.Section != nil {
		ctx.PropertyErrorf("symbols", "is set, and section too: leave one out")
	}
	if src != nil && !strings.HasSuffix(src.Base(), m.suffix) {
		ctx.PropertyErrorf("src", "is %q: expected %s", src.String(), m.what)
	}
	stem := proptools.String(p.Stem)
	if p.Stem != nil && (!inTree(stem) || strings.Contains(stem, "/")) {
		ctx.PropertyErrorf("stem", "is %q: expected a file's name, such as %q", stem, "vmlinux-stamped")
	}
	if ctx.Failed() || src == nil || archive == nil {
		return
	}
	if stem == "" {
		stem = src.Base()
	}
	restamp := ""
	if proptools.Bool(p.Restamp) {
		restamp = "--restamp"
	}

	out := android.PathForModuleOut(ctx, stem)
	report := android.PathForModuleOut(ctx, ctx.ModuleName()+".stamp.json")
	ctx.Build(pctx, android.BuildParams{
		Rule:           stampRule,
		Description:    "kheaders stamp " + ctx.ModuleName(),
		Input:          src,
		Implicit:       archive,
		Output:         out,
		ImplicitOutput: report,
		Args: map[string]string{
			"archive": archive.String(),
			"flags":   join(flag("--section", proptools.String(m.elf.Section)), flag("--symbols", symbols), restamp),
			"report":  report.String(),
		},
	})
	m.provide(ctx, "", out)
	m.provide(ctx, ".report", report)
}
