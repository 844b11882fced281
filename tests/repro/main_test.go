// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestOneProcessor(t *testing.T) {
	alone, err := oneProcessor()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(alone[0], append(alone[1:], "nproc")...).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "1" {
		t.Errorf("%s nproc: got %q, %v; want 1", strings.Join(alone, " "), got, err)
	}
}
