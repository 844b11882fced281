// SPDX-License-Identifier: Apache-2.0

//go:build soong && soong_fixtures

package kheaders

import (
	"testing"

	"android/soong/android"
	"android/soong/cc"
	"android/soong/etc"
	"android/soong/genrule"
)

// set up as from Android 12 on. Soong compiles what testSrcs lists, whatever the build tag; `go test` with Debian's Soong,
// which has no fixtures, leaves this file out by it.
func preparer(files android.MockFS) android.FixturePreparer {
	return android.GroupFixturePreparers(
		cc.PrepareForTestWithCcDefaultModules,
		etc.PrepareForTestWithPrebuiltEtc,
		genrule.PrepareForTestWithGenRuleBuildComponents,
		android.FixtureRegisterWithContext(registerBuildComponents),
		files.AddToFixture(),
	)
}

func parseFiles(t *testing.T, files map[string][]byte) found {
	t.Helper()
	result := preparer(files).RunTest(t)
	return found{
		module:   func(module, variant string) android.TestingModule { return moduleOf(t, result, module, variant) },
		variants: result.ModuleVariantsForTests,
	}
}

// moduleOf calls ModuleForTests, which takes the test since 2025.
func moduleOf(t *testing.T, result interface{}, module, variant string) android.TestingModule {
	t.Helper()
	switch r := result.(type) {
	case interface {
		ModuleForTests(name, variant string) android.TestingModule
	}:
		return r.ModuleForTests(module, variant)
	case interface {
		ModuleForTests(t *testing.T, name, variant string) android.TestingModule
	}:
		return r.ModuleForTests(t, module, variant)
	}
	t.Fatalf("android.TestResult has no ModuleForTests that is known here, and is a %T", result)
	return android.TestingModule{}
}

func parseErrors(t *testing.T, bp, pattern string) {
	t.Helper()
	preparer(filesOf(bp)).ExtendWithErrorHandler(android.FixtureExpectsAtLeastOneErrorMatchingPattern(pattern)).RunTest(t)
}
