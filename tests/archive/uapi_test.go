// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

const program = `#include <asm/unistd.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
int i = sizeof(struct perf_event_attr) + sizeof(union bpf_attr) + __NR_read;
`

// TestProgram compiles a program that includes what the kernel has for programs,
// with no other headers than the archive's and the compiler's own.
func TestProgram(t *testing.T) {
	tree := testinput.File(t, "TREE")
	headers := filepath.Join(tree, "usr/include")
	source := filepath.Join(t.TempDir(), "program.c")
	if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	own := strings.TrimSpace(run(t, ".", nil, "gcc", "-print-file-name=include"))
	flags := []string{"-nostdinc", "-isystem", own, "-isystem", headers}
	run(t, ".", nil, "gcc", append(flags, "-Wall", "-Werror", "-fsyntax-only", source)...)
	read := strings.Fields(run(t, ".", nil, "gcc", append(flags, "-M", source)...))
	var ours int
	for _, file := range read {
		// gcc names headers by their real paths, and the sandbox's tree is a link.
		if strings.Contains(file, "/"+filepath.Base(tree)+"/usr/include/") {
			ours++
		}
	}
	if ours < 10 {
		t.Errorf("%d headers are the archive's, want those of asm/, asm-generic/ and linux/: %v", ours, read)
	}
}
