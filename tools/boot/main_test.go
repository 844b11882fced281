// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		timeout int
		test    string
		want    int
	}{{240, "60", 55}, {30, "60", 30}, {240, "", 240}, {240, "x", 240}, {240, "3", 240}} {
		if got := within(tt.timeout, tt.test); got != tt.want {
			t.Errorf("%d in a test of %q: got %d, want %d", tt.timeout, tt.test, got, tt.want)
		}
	}
}

func TestSpecificationErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spec.json")
	if err := os.WriteFile(file, []byte(`{"arch": "arm64", "disk": "x"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LINUX_BOOT_TEST", "")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{file}, `unknown field "disk"`},
		{[]string{"a", "b"}, "got 2 arguments, expected one JSON file"},
		{nil, "no specification: expected a JSON file"},
	} {
		if err := run(tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.args, err, tt.want)
		}
	}
}
