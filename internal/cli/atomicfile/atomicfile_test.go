// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func content(text string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

// wantFiles fails the test unless dir holds the files named and no other.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("files: got %q, want %q", got, want)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vmlinux")
	for _, tc := range []struct {
		text string
		mode fs.FileMode
	}{
		{"first", 0o644},
		{"second, over the first", 0o755},
		{"whatever the umask", 0o666},
		{"", 0o400},
		{"over a read-only file", 0o644},
	} {
		if err := Write(path, tc.mode, content(tc.text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != tc.text {
			t.Errorf("got %q, %v, want %q", got, err, tc.text)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != tc.mode {
			t.Errorf("%s: got mode %v, %v, want %v", tc.text, info.Mode(), err, tc.mode)
		}
		wantFiles(t, dir, "vmlinux")
	}
}

// A file that others share through a hard link is left alone: the name changes
// hands, not the content.
func TestWriteReplacesLinks(t *testing.T) {
	dir := t.TempDir()
	shared, hard := filepath.Join(dir, "shared"), filepath.Join(dir, "hard")
	if err := Write(shared, 0o644, content("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(shared, hard); err != nil {
		t.Fatal(err)
	}
	if err := Write(hard, 0o644, content("new")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{shared: "old", hard: "new"} {
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
}

// A symbolic link is neither replaced nor followed, wherever it leads: that is
// /dev/stdout when stdout is a file.
func TestWriteRefusesSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := Write(target, 0o644, content("old")); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{target, os.DevNull, dir, "none"} {
		link := filepath.Join(dir, "link")
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		want := "write file " + link + ": it is a symbolic link, and would be replaced: give the name of a file"
		if err := Write(link, 0o644, content("new")); err == nil || err.Error() != want {
			t.Errorf("to %s: got %v, want %q", to, err, want)
		}
		if got, err := os.Readlink(link); got != to || err != nil {
			t.Errorf("to %s: the link is %q, %v, want it as it was", to, got, err)
		}
		wantFiles(t, dir, "link", "target")
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(target); string(got) != "old" || err != nil {
		t.Errorf("target: got %q, %v, want it as it was", got, err)
	}
	// A directory may be one.
	link := filepath.Join(dir, "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(link, "file"), 0o644, content("new")); err != nil {
		t.Error(err)
	}
}

// The longest name that a file can have (NAME_MAX) is as good as another.
func TestWriteLongName(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("n", 255)
	if err := Write(filepath.Join(dir, name), 0o644, content("text")); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, name)
}

func TestWriteInCurrentDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := Write("name", 0o644, content("text")); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, ".", "name")
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vmlinux")
	if err := Write(path, 0o644, content("old")); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("stamp vmlinux: no")
	for _, tc := range []struct {
		name, path string
		write      func(*os.File) error
		want       string
	}{
		{"writer fails", path, func(f *os.File) error { return errors.Join(content("half")(f), failure) }, "stamp vmlinux: no"},
		{"file is closed", path, func(f *os.File) error { return f.Close() }, "write file " + path + ": "},
		{"directory", dir, content(""), "write file " + dir + ": it is a directory: give the name of a file"},
		{"slash at the end", filepath.Join(dir, "new") + "/", content(""), "write file \"" + dir + "/new/\": it names no file"},
		{"no name", "", content(""), "write file \"\": it names no file"},
		{"device", os.DevNull, content(""), "write file " + os.DevNull + ": it is not a regular file: give the name of a file"},
		{"no such directory", filepath.Join(dir, "none", "vmlinux"), content(""), "write file " + filepath.Join(dir, "none", "vmlinux") + ": no such file or directory"},
		{"file as a directory", filepath.Join(path, "vmlinux"), content(""), "write file: lstat "},
	} {
		if err := Write(tc.path, 0o644, tc.write); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
		wantFiles(t, dir, "vmlinux")
	}
	if err := Write(path, 0o644, func(*os.File) error { return failure }); err != failure {
		t.Errorf("got %v, want the writer's own error", err)
	}
	if got, err := os.ReadFile(path); string(got) != "old" || err != nil {
		t.Errorf("got %q, %v, want the file as it was", got, err)
	}
}

func TestWritePanic(t *testing.T) {
	dir := t.TempDir()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("got no panic, want the writer's")
			}
		}()
		Write(filepath.Join(dir, "vmlinux"), 0o644, func(*os.File) error { panic("writer") })
	}()
	wantFiles(t, dir)
}

// What a killed run has left is removed by the next that writes the same file; what
// another run is writing, and other files, stay.
func TestWriteRemovesLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vmlinux")
	left, lock, err := create(dir, "vmlinux")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(left.Close(), lock.Close()); err != nil {
		t.Fatal(err)
	}
	other, lock, err := create(dir, "System.map")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Close(), lock.Close()); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, prefix("vmlinux")+"link")
	if err := os.Symlink("none", link); err != nil {
		t.Fatal(err)
	}
	err = Write(path, 0o644, func(f *os.File) error {
		// Meanwhile, another run.
		if err := Write(path, 0o644, content("second")); err != nil {
			return err
		}
		return content("first")(f)
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, filepath.Base(other.Name()), filepath.Base(link), "vmlinux")
	if got, err := os.ReadFile(path); string(got) != "first" || err != nil {
		t.Errorf("got %q, %v, want what was renamed last", got, err)
	}
}

// Runs that write one file at the same time all succeed, and one of them wins.
func TestWriteTogether(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vmlinux")
	errs := make(chan error)
	for range 8 {
		go func() {
			var err error
			for range 50 {
				err = errors.Join(err, Write(path, 0o644, content("text")))
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantFiles(t, dir, "vmlinux")
}
