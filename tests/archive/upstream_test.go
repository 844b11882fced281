// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/testinput"
)

// leftOut are members of upstream's archive that differ with who built, and
// when; upstream itself leaves the second out since 6.17.
var leftOut = []string{"include/generated/compile.h", "include/generated/utsversion.h"}

// TestTracingIsUpstreams compares the members of the profile tracing with those
// of the archive that the kernel's own script makes of the same files.
func TestTracingIsUpstreams(t *testing.T) {
	tree := t.TempDir()
	run(t, tree, nil, "tar", "-xf", testinput.File(t, "HEADERS"))
	// --occurrence ends the reading at the file.
	run(t, tree, nil, "tar", "-xJf", testinput.File(t, "LINUX"), "--wildcards", "--strip-components=1", "--occurrence=1", "*/kernel/gen_kheaders.sh")

	// Names are compared, so neither perl, which xargs runs once a header, nor xz
	// has to work.
	programs := t.TempDir()
	if err := os.Symlink("/bin/true", filepath.Join(programs, "xargs")); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + programs + ":" + os.Getenv("PATH"), "SRCARCH=x86", "XZ=gzip"}
	run(t, tree, env, "sh", "kernel/gen_kheaders.sh", "kernel/kheaders_data.tar.gz")
	list := run(t, tree, nil, "tar", "-tzf", "kernel/kheaders_data.tar.gz")
	var want []string
	for name := range strings.Lines(list) {
		name = strings.TrimPrefix(strings.TrimSpace(name), "./")
		if strings.HasSuffix(name, ".h") && !slices.Contains(leftOut, name) {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if len(want) < 6000 {
		t.Fatalf("gen_kheaders.sh packed %d headers, want those of a kernel", len(want))
	}

	entries, err := members.List(testinput.File(t, "TRACING"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name)
	}
	if slices.Equal(got, want) {
		return
	}
	for _, name := range got {
		if _, ok := slices.BinarySearch(want, name); !ok {
			t.Errorf("tracing has %s, and upstream has it not", name)
		}
	}
	slices.Sort(got)
	for _, name := range want {
		if _, ok := slices.BinarySearch(got, name); !ok {
			t.Errorf("upstream has %s, and tracing has it not", name)
		}
	}
	if !t.Failed() {
		t.Error("the members are the same in another order, or twice")
	}
}
