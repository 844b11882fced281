// SPDX-License-Identifier: Apache-2.0

//go:build soong && !soong_fixtures

package kheaders

import (
	"testing"

	"android/soong/android"
	"android/soong/cc"
	"android/soong/genrule"
)

// set up as in 2020: Debian's golang-android-soong-dev.
func run(t *testing.T, bp string) (*android.TestContext, []error) {
	t.Helper()
	files := map[string][]byte{"kernel/Android.bp": []byte(bp)}
	for name, content := range sourceFiles {
		files[name] = content
	}
	// The top Android.bp has what cc needs.
	config := cc.TestConfig(t.TempDir(), android.Android, nil, "", files)
	ctx := cc.CreateTestContext()
	ctx.RegisterModuleType("genrule", genrule.GenRuleFactory)
	registerBuildComponents(ctx)
	ctx.Register(config)
	_, errs := ctx.ParseFileList(".", []string{"Android.bp", "kernel/Android.bp"})
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
