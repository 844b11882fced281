// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Another may plant a link or a file in a directory that is open to all,
// between two members: nothing is written through it or over it.
func TestExtractPlanted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(out, elsewhere string) error
		tar   []byte
		want  string
	}{
		{"link for a directory", func(out, elsewhere string) error { return os.Symlink(elsewhere, filepath.Join(out, "d")) },
			pack(t, file("d/f", "x")), `create directory "d": `},
		{"link for a file", func(out, elsewhere string) error {
			return os.Symlink(filepath.Join(elsewhere, "f"), filepath.Join(out, "f"))
		},
			pack(t, file("f", "x")), `create "f": `},
		{"file", func(out, _ string) error { return os.WriteFile(filepath.Join(out, "f"), nil, 0o644) },
			pack(t, file("f", "x")), `create "f": `},
		{"link for a link", func(out, elsewhere string) error { return os.Symlink(elsewhere, filepath.Join(out, "l")) },
			pack(t, symlink("l", "f")), `create link "l": `},
	} {
		root := t.TempDir()
		out, elsewhere := filepath.Join(root, "out"), filepath.Join(root, "elsewhere")
		if err := os.Mkdir(elsewhere, 0o755); err != nil {
			t.Fatal(err)
		}
		r := &planting{parts: [][]byte{pack(t, file("a", ""))[:512], tt.tar}, plant: func() {
			if err := tt.plant(out, elsewhere); err != nil {
				t.Error(err)
			}
		}}
		if _, err := Extract(out, r, roomy); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
		if got := list(t, root); got != "drwxr-xr-x elsewhere" {
			t.Errorf("%s: left behind:\n%s", tt.name, got)
		}
	}
}

// planting reads as its parts and calls plant between them.
type planting struct {
	parts [][]byte
	plant func()
}

func (r *planting) Read(p []byte) (int, error) {
	if len(r.parts[0]) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.parts[0])
	if r.parts[0] = r.parts[0][n:]; len(r.parts[0]) == 0 && len(r.parts) > 1 {
		r.parts = r.parts[1:]
		r.plant()
	}
	return n, nil
}
