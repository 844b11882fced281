// SPDX-License-Identifier: Apache-2.0

//go:build soong

// Package kheaders is a Soong plugin: module types that pack an archive of
// kernel headers from the prebuilt files of a kernel, stamp it into a prebuilt
// kernel, and give its headers to cc modules.
//
// It uses the part of Soong's API that has been there since 2020. Where newer
// versions want more, it asks for it by interface, so that one source is
// meant for all; docs/soong.md says with which versions that was tried, and how far.
package kheaders

import (
	"fmt"
	"path"
	"strings"

	"android/soong/android"

	"github.com/google/blueprint/proptools"
)

var pctx = android.NewPackageContext("github.com/rules-kheaders/rules_kheaders/soong/kheaders")

func init() {
	// Built by Soong from the same sources as everywhere: see Android.bp two directories up.
	pctx.HostBinToolVariable("packerCmd", "kheaders_packer")
	pctx.HostBinToolVariable("patcherCmd", "kheaders_patcher")
	registerBuildComponents(android.InitRegistrationContext)
}

func registerBuildComponents(ctx android.RegistrationContext) {
	ctx.RegisterModuleType("kheaders_archive", archiveFactory)
	ctx.RegisterModuleType("kheaders_image", imageFactory)
	ctx.RegisterModuleType("kheaders_include", includeFactory)
	ctx.RegisterModuleType("kheaders_module", moduleFactory)
	ctx.RegisterModuleType("kheaders_vmlinux", vmlinuxFactory)
}

// outputs are the files that other modules get by ":name" and ":name{tag}".
type outputs struct {
	files map[string]android.Paths
}

// OutputFiles is how Soong asked a module for its files until 2024.
func (o *outputs) OutputFiles(tag string) (android.Paths, error) {
	if files, ok := o.files[tag]; ok {
		return files, nil
	}
	return nil, fmt.Errorf("unsupported module reference tag %q", tag)
}

// provide tells Soong of the files of a tag, and makes `m name` build those of
// the empty one.
func (o *outputs) provide(ctx android.ModuleContext, tag string, files ...android.Path) {
	if o.files == nil {
		o.files = make(map[string]android.Paths)
	}
	o.files[tag] = files
	// How Soong has been told since 2024.
	if c, ok := ctx.(interface {
		SetOutputFiles(android.Paths, string)
	}); ok {
		c.SetOutputFiles(files, tag)
	}
	if tag == "" {
		ctx.Phony(ctx.ModuleName(), files...)
	}
}

// flag is a command's flag with its value, or nothing without one.
func flag(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + quote(value)
}

// quote keeps a value as it is through ninja and the shell.
func quote(s string) string { return strings.ReplaceAll(proptools.ShellEscape(s), "$", "$$") }

// join leaves out the flags that are not there.
func join(flags ...string) string {
	var there []string
	for _, f := range flags {
		if f != "" {
			there = append(there, f)
		}
	}
	return strings.Join(there, " ")
}

// source returns the file that a property must name.
func source(ctx android.ModuleContext, property string, value *string, what string) android.Path {
	if proptools.String(value) == "" {
		ctx.PropertyErrorf(property, "is required: %s", what)
		return nil
	}
	return android.PathForModuleSrc(ctx, *value)
}

// oneOf returns a property's value, which must be one of those listed; the first
// is the default.
func oneOf(ctx android.ModuleContext, property string, value *string, known ...string) string {
	if value == nil {
		return known[0]
	}
	for _, k := range known {
		if *value == k {
			return k
		}
	}
	ctx.PropertyErrorf(property, "is %q: expected one of %q", *value, known)
	return known[0]
}

// inTree reports whether a name is that of something below a directory.
func inTree(name string) bool {
	return name != "" && name != "." && path.Clean(name) == name && !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../")
}
