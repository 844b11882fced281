// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"
)

func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../../" + document)
	if err != nil {
		t.Fatal(err)
	}
	got, err := replace(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(text) {
		t.Errorf("the table in %s is not the list's; run tools/bazel run //tests/archive/targets", document)
	}
}

func TestReplace(t *testing.T) {
	for _, text := range []string{"", begin, end + begin, begin + "no end"} {
		if got, err := replace(text); err == nil {
			t.Errorf("replace(%q): got %q, want an error", text, got)
		}
	}
	got, err := replace("a\n" + begin + "old\n" + end + "b\n")
	if want := "a\n" + begin + table() + end + "b\n"; err != nil || got != want {
		t.Errorf("replace: got %q, %v; want %q", got, err, want)
	}
}
