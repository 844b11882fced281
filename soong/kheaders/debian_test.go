// SPDX-License-Identifier: Apache-2.0

//go:build soong && !soong_fixtures

package kheaders

import (
	"path"
	"testing"

	"android/soong/android"
	"android/soong/cc"
	"android/soong/etc"
	"android/soong/genrule"
)

// set up as in 2020: Debian's golang-android-soong-dev.
func run(t *testing.T, files map[string][]byte) (*android.TestContext, []error) {
	t.Helper()
	bps := []string{"Android.bp"}
	for name := range files {
		if path.Base(name) == "Android.bp" {
			bps = append(bps, name)
		}
	}
	// The top Android.bp has what cc needs.
	config := cc.TestConfig(t.TempDir(), android.Android, nil, "", files)
	ctx := cc.CreateTestContext()
	ctx.RegisterModuleType("genrule", genrule.GenRuleFactory)
	ctx.RegisterModuleType("prebuilt_etc", etc.PrebuiltEtcFactory)
	registerBuildComponents(ctx)
	ctx.Register(config)
	_, errs := ctx.ParseFileList(".", bps)
	if len(errs) == 0 {
		_, errs = ctx.PrepareBuildActions(config)
	}
	return ctx, errs
}

func parseFiles(t *testing.T, files map[string][]byte) found {
	t.Helper()
	ctx, errs := run(t, files)
	android.FailIfErrored(t, errs)
	return found{
		module:   func(module, variant string) android.TestingModule { return ctx.ModuleForTests(module, variant) },
		variants: ctx.ModuleVariantsForTests,
	}
}

func parseErrors(t *testing.T, bp, pattern string) {
	t.Helper()
	_, errs := run(t, filesOf(bp))
	android.FailIfNoMatchingErrors(t, pattern, errs)
}
