// SPDX-License-Identifier: Apache-2.0

//go:build bazel

// Package signed compiles what is made beside an eBPF object.
package signed

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// program is a loader as one writes it with a skeleton: by the names of the
// object's programs and maps.
const program = `#include "sums.skel.h"
int main(void)
{
	struct sums *skel = sums__open();

	if (!skel || bpf_map__max_entries(skel->maps.counts) != 4)
		return 1;
	bpf_program__set_autoload(skel->progs.on_sum, true);
	if (sums__load(skel) || sums__attach(skel))
		return 1;
	sums__destroy(skel);
	return 0;
}
`

func TestSkeletonCompiles(t *testing.T) {
	dir := filepath.Dir(testinput.File(t, "SKELETON"))
	compile := func(program string) (string, error) {
		cmd := exec.Command("gcc", "-x", "c", "-fsyntax-only", "-Wall", "-Werror", "-I", dir, "-")
		cmd.Stdin = strings.NewReader(program)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := compile(program); err != nil {
		t.Errorf("gcc: %v\n%s", err, out)
	}
	// A name that the object does not have.
	if out, err := compile(strings.ReplaceAll(program, "on_sum", "on_difference")); err == nil || !strings.Contains(out, "on_difference") {
		t.Errorf("a program that is not in the object: got %v and %q, want an error that names it", err, out)
	}
}
