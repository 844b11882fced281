// SPDX-License-Identifier: Apache-2.0

//go:build soong && !soong_fixtures

package kheaders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"android/soong/android"
	"android/soong/cc"
	"android/soong/etc"
	"android/soong/genrule"
)

// set up as in 2020: Debian's golang-android-soong-dev.
func run(t *testing.T, bp string) (*android.TestContext, []error) {
	t.Helper()
	files := map[string][]byte{"kernel/Android.bp": []byte(bp)}
	for name, content := range sourceFiles {
		files[name] = content
	}
	return runFiles(t, files, "kernel/Android.bp")
}

func runFiles(t *testing.T, files map[string][]byte, bps ...string) (*android.TestContext, []error) {
	t.Helper()
	// The top Android.bp has what cc needs.
	config := cc.TestConfig(t.TempDir(), android.Android, nil, "", files)
	ctx := cc.CreateTestContext()
	ctx.RegisterModuleType("genrule", genrule.GenRuleFactory)
	ctx.RegisterModuleType("prebuilt_etc", etc.PrebuiltEtcFactory)
	registerBuildComponents(ctx)
	ctx.Register(config)
	_, errs := ctx.ParseFileList(".", append([]string{"Android.bp"}, bps...))
	if len(errs) == 0 {
		_, errs = ctx.PrepareBuildActions(config)
	}
	return ctx, errs
}

func parse(t *testing.T, bp string) found {
	t.Helper()
	ctx, errs := run(t, bp)
	android.FailIfErrored(t, errs)
	return found{func(module, variant, rule string) android.TestingBuildParams {
		return ctx.ModuleForTests(module, variant).Rule(rule)
	}}
}

func parseErrors(t *testing.T, bp, pattern string) {
	t.Helper()
	_, errs := run(t, bp)
	android.FailIfNoMatchingErrors(t, pattern, errs)
}

// The device of examples/soong: its library is compiled with the headers of its kernel.
func TestExample(t *testing.T) {
	files := make(map[string][]byte)
	for _, name := range []string{"device/example/lab/Android.bp", "device/example/lab/sensor.c", "device/example/lab-kernel/Android.bp"} {
		p, err := os.ReadFile(filepath.Join("../../examples/soong", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = p
	}
	for _, name := range []string{"Image", "kernel-headers.tar.gz", "kernel-uapi-headers.tar.gz", "kernel.config", "vmlinux", "vmlinux.symvers",
		"module-tree/include/linux/kernel.h"} {
		files["device/example/lab-kernel/"+name] = nil
	}
	ctx, errs := runFiles(t, files, "device/example/lab/Android.bp", "device/example/lab-kernel/Android.bp")
	android.FailIfErrored(t, errs)
	var variant string
	for _, v := range ctx.ModuleVariantsForTests("liblabsensor") {
		if strings.Contains(v, "arm64") && strings.HasSuffix(v, "_static") {
			variant = v
		}
	}
	p := ctx.ModuleForTests("liblabsensor", variant).Rule("cc")
	tree := "device/example/lab-kernel/lab_kernel_includes/gen/tree"
	if !strings.Contains(flagsOf(p), tree+"/usr/include") {
		t.Errorf("the library's flags have no %s/usr/include: %s", tree, flagsOf(p))
	}
	if order := strings.Join(shorts(p.OrderOnly.Strings()), " "); !strings.Contains(order, tree+".stamp") {
		t.Errorf("the library may be compiled before the headers are there: order-only inputs %s", order)
	}
	etc := ctx.ModuleForTests("lab_kheaders.tar.xz", "android_arm64_armv8-a").Output("kheaders.tar.xz")
	check(t, "what is shipped", short(etc.Input.String()), "device/example/lab-kernel/lab_kheaders/lab_kheaders.tar.xz")
}
