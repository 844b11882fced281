// SPDX-License-Identifier: Apache-2.0

package untar

import (
	"bytes"
	"errors"
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

// What another has put there or taken away after it was unpacked shows at the end.
func TestExtractChanged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(out string) error
		want   string
	}{
		{"another file", func(out string) error { return os.WriteFile(filepath.Join(out, "d/other"), nil, 0o644) }, `"d/other" was not unpacked`},
		{"removed", func(out string) error { return os.Remove(filepath.Join(out, "d/f")) }, "it has 1 files, directories and links, and 2 were unpacked"},
		{"cut off", func(out string) error { return os.Truncate(filepath.Join(out, "d/f"), 0) }, `"d/f" is not what was unpacked`},
		{"a link", func(out string) error {
			f := filepath.Join(out, "d/f")
			return errors.Join(os.Remove(f), os.Symlink("/etc/passwd", f))
		}, `"d/f" is not what was unpacked`},
	} {
		root := t.TempDir()
		out := filepath.Join(root, "out")
		r := &planting{parts: [][]byte{pack(t, file("d/f", "x"))[:1024], make([]byte, 1024)}, plant: func() {
			// The member is written once what is behind it is asked for.
			if err := tt.change(out); err != nil {
				t.Error(err)
			}
		}}
		if _, err := Extract(out, r, roomy); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
		if got := list(t, root); got != "" {
			t.Errorf("%s: left behind:\n%s", tt.name, got)
		}
	}
}

// Another may also put something else in the place of the directory, or of one
// below it: no link is made there, and nothing in it is removed.
func TestExtractReplaced(t *testing.T) {
	for _, tt := range []struct {
		name    string
		dir     string // is replaced
		replace func(elsewhere, dir string) error
		tar     []byte // read before
		rest    []byte // read after
		want    string
		left    string
	}{
		{"by a link, then a link", "out", os.Symlink, nil, pack(t, symlink("l", "f")), `create link "l": `,
			"drwxr-xr-x elsewhere\n-rw-r--r-- elsewhere/f \ndrwxr-xr-x held\nlink out ELSEWHERE"},
		{"by a directory, then a link", "out", os.Rename, nil, pack(t, symlink("l", "f")), `create link "l": `,
			"drwxr-xr-x held\ndrwxr-xr-x out\n-rw-r--r-- out/f "},
		{"below, then a link", "out/d", os.Symlink, pack(t, file("d/g", ""), symlink("d/l", "g")), nil, `create link "d/l": `,
			"drwxr-xr-x elsewhere\n-rw-r--r-- elsewhere/f \ndrwxr-xr-x held\n-rw-r--r-- held/g \ndrwxr-xr-x out"},
		{"by a link, then the end", "out", os.Symlink, nil, make([]byte, 1024), "another process has replaced it",
			"drwxr-xr-x elsewhere\n-rw-r--r-- elsewhere/f \ndrwxr-xr-x held\nlink out ELSEWHERE"},
		{"by a directory, then the end", "out", os.Rename, nil, make([]byte, 1024), "another process has replaced it",
			"drwxr-xr-x held\ndrwxr-xr-x out\n-rw-r--r-- out/f "},
		{"by a link, then an error", "out", os.Symlink, nil, bytes.Repeat([]byte("no tar"), 100), "read tar: ",
			"drwxr-xr-x elsewhere\n-rw-r--r-- elsewhere/f \ndrwxr-xr-x held\nlink out ELSEWHERE"},
		{"by a directory, then an error", "out", os.Rename, nil, bytes.Repeat([]byte("no tar"), 100), "read tar: ",
			"drwxr-xr-x held\ndrwxr-xr-x out\n-rw-r--r-- out/f "},
	} {
		root := t.TempDir()
		out, elsewhere := filepath.Join(root, "out"), filepath.Join(root, "elsewhere")
		for _, dir := range []string{out, elsewhere} { // out is empty, as Bazel makes it
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(elsewhere, "f"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		before := append(pack(t, file("a", ""))[:512], tt.tar...)
		r := &planting{parts: [][]byte{before, tt.rest}, plant: func() {
			dir := filepath.Join(root, tt.dir)
			if err := errors.Join(os.Rename(dir, filepath.Join(root, "held")), tt.replace(elsewhere, dir)); err != nil {
				t.Error(err)
			}
		}}
		if _, err := Extract(out, r, roomy); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.want)
		}
		if got, want := list(t, root), strings.ReplaceAll(tt.left, "ELSEWHERE", elsewhere); got != want {
			t.Errorf("%s: left behind:\n%s\nwant:\n%s", tt.name, got, want)
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
