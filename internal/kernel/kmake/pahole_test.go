// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPaholeFlags(t *testing.T) {
	for _, tt := range []struct {
		name, script, want, err string
	}{
		{"6.1", "echo --btf_gen_floats -j --lang_exclude=rust", "PAHOLE_FLAGS=--btf_gen_floats --lang_exclude=rust", ""},
		{"no pahole", "exit 0", "", "there is no pahole that works; install it"},
		{"6.10", "", "JOBS=1", ""},
	} {
		src, obj := t.TempDir(), t.TempDir()
		if tt.script != "" {
			if err := os.Mkdir(filepath.Join(src, "scripts"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(src, "scripts/pahole-flags.sh"), []byte(tt.script+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := PaholeFlags(io.Discard, src, obj, obj)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) || err == nil && !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s: got %q, %v; want %q, %q", tt.name, got, err, tt.want, tt.err)
		}
	}
}
