// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
	"github.com/rules-kheaders/rules_kheaders/internal/device/devicetest"
)

const release = carriertest.Release

// image makes the root directory of an image that has a kernel's modules.
func image(t *testing.T, files map[string][]byte) *Device {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		write(t, root, name, content)
	}
	if err := os.MkdirAll(filepath.Join(root, "lib/modules", release), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "usr/lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	// As distributions have it, and absolute: it leads into the image.
	if err := os.Symlink("/lib/modules", filepath.Join(root, "usr/lib/modules")); err != nil {
		t.Fatal(err)
	}
	return &Device{Root: root, Log: new(bytes.Buffer)}
}

func write(t *testing.T, root, name string, content []byte) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func complete(t *testing.T) []byte {
	return devicetest.Archive(t, release, devicetest.Complete(release))
}

// carrying is a vmlinux with the bytes in its reservation.
func carrying(p []byte) []byte {
	return carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}.SectionKernel(".rodata1", p).Bytes()
}

func gzipped(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The archive is found in what has one, in the order of the best; what is no
// archive of this kernel is refused.
func TestFind(t *testing.T) {
	good := complete(t)
	other := devicetest.Archive(t, "6.1.0-other", devicetest.Complete("6.1.0-other"))
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 1
	placeholder := carriertest.Placeholder(t, 16<<10)
	upstream := devicetest.Foreign(t, devicetest.Headers(release))
	initrd := append(gzipped(t, []byte("070701")), good...)
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		file  string // that is found
		err   string
	}{
		{"nothing", nil, "", "find archive: no /sys/kernel/kheaders.tar.xz"},
		{"a kernel without", map[string][]byte{"boot/vmlinux-" + release: []byte("\x7fELF, or not")}, "", "find archive: no /sys/kernel/kheaders.tar.xz"},
		{"in the initramfs", map[string][]byte{"usr/lib/kheaders.tar.xz": good}, "usr/lib/kheaders.tar.xz", ""},
		{"behind an initramfs", map[string][]byte{"boot/initrd.img-" + release: initrd}, "boot/initrd.img-" + release, ""},
		{"in the kernel", map[string][]byte{"boot/vmlinux-" + release: carrying(good)}, "boot/vmlinux-" + release, ""},
		{"in the compressed kernel", map[string][]byte{"boot/Image.gz": gzipped(t, carrying(good))}, "boot/Image.gz", ""},
		{"in the module", map[string][]byte{"lib/modules/" + release + "/kernel/kernel/kheaders.ko.gz": gzipped(t, carrying(good))},
			"lib/modules/" + release + "/kernel/kernel/kheaders.ko.gz", ""},
		{"a placeholder", map[string][]byte{"boot/vmlinux-" + release: carrying(placeholder)}, "", "holds a placeholder"},
		{"a placeholder, and the archive", map[string][]byte{"usr/lib/kheaders.tar.xz": placeholder, "boot/vmlinux-" + release: carrying(good)},
			"boot/vmlinux-" + release, ""},
		{"another kernel's", map[string][]byte{"usr/lib/kheaders.tar.xz": other}, "", "it is the archive of 6.1.0-other, another kernel; expected that of " + release},
		{"another kernel's headers", map[string][]byte{"usr/lib/kheaders.tar.xz": devicetest.Foreign(t, devicetest.Headers("6.1.0-other"))}, "", "another kernel"},
		{"a damaged kernel", map[string][]byte{"boot/vmlinux-" + release: carrying(good[:len(good)-8])}, "", "damaged"},
		{"upstream's", map[string][]byte{"usr/lib/kheaders.tar.xz": upstream}, "usr/lib/kheaders.tar.xz", ""},
		{"upstream's, and ours", map[string][]byte{"usr/lib/kheaders.tar.xz": upstream, "boot/initrd.img-" + release: initrd}, "boot/initrd.img-" + release, ""},
		{"no headers", map[string][]byte{"usr/lib/kheaders.tar.xz": devicetest.Foreign(t, map[string]string{"a": "b"})}, "", "expected an archive of kernel headers"},
		{"text", map[string][]byte{"usr/lib/kheaders.tar.xz": []byte("text")}, "", "usr/lib/kheaders.tar.xz"},
	} {
		d := image(t, tt.files)
		a, err := d.Find()
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := a.File; got != filepath.Join(d.Root, tt.file) || a.Release != release {
			t.Errorf("%s: found %s of %s, want %s of %s", tt.name, got, a.Release, tt.file, release)
		}
		a.Close()
	}
	// A digest is compared when the archive is unpacked.
	d := image(t, map[string][]byte{"usr/lib/kheaders.tar.xz": damaged})
	if _, err := d.Install(); err == nil || !strings.Contains(err.Error(), "kheaders.tar.xz") {
		t.Errorf("damaged: got %v, want an error", err)
	}
	if got := list(t, d.Root, "usr/src"); got != "" {
		t.Errorf("damaged: left %s", got)
	}
}

// list names what is in a directory of an image.
func list(t *testing.T, root, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestInstall(t *testing.T) {
	d := image(t, map[string][]byte{"usr/lib/kheaders.tar.xz": complete(t)})
	tree, err := d.Install()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(d.Root, "usr/src/kheaders-"+release)
	if tree.Dir != dir || !tree.Made || tree.Memory || tree.Release != release {
		t.Errorf("tree = %+v, want %s, made on disk", tree, dir)
	}
	for _, name := range linkNames {
		to, err := os.Readlink(filepath.Join(d.Root, "lib/modules", release, name))
		if want := "/usr/src/kheaders-" + release; err != nil || to != want {
			t.Errorf("%s leads to %q (%v), want %q", name, to, err, want)
		}
	}
	err = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if want := map[bool]fs.FileMode{true: 0o755, false: 0o644}[e.IsDir() || strings.Contains(file, "scripts/")]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", file, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if got, want := list(t, d.Root, "usr/src"), "kheaders-"+release; got != want {
		t.Errorf("usr/src has %q, want %q", got, want)
	}
	if got := list(t, d.Root, "run"); got != "" {
		t.Errorf("run has %q, want nothing in an image", got)
	}
	// Again, and nothing happens.
	before := modTime(t, dir)
	if tree, err = d.Install(); err != nil || tree.Made {
		t.Errorf("second run: %+v, %v, want the tree that was there", tree, err)
	}
	if modTime(t, dir) != before {
		t.Error("second run: the tree was touched")
	}
	// A missing link is made again, and a new archive unpacked.
	if err := os.Remove(filepath.Join(d.Root, "lib/modules", release, "build")); err != nil {
		t.Fatal(err)
	}
	if tree, err = d.Install(); err != nil || tree.Made || !d.linked(tree) {
		t.Errorf("without a link: %+v, %v, want it linked again", tree, err)
	}
	files := devicetest.Complete(release)
	files["include/linux/new.h"] = ""
	write(t, d.Root, "usr/lib/kheaders.tar.xz", devicetest.Archive(t, release, files))
	if tree, err = d.Install(); err != nil || !tree.Made {
		t.Errorf("new archive: %+v, %v, want a new tree", tree, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "include/linux/new.h")); err != nil {
		t.Error(err)
	}
	if path, err := d.Path(); err != nil || path != dir {
		t.Errorf("path = %q, %v, want %q", path, err, dir)
	}
	removed, err := d.Remove()
	if err != nil || !slices.Equal(removed, []string{dir}) {
		t.Errorf("removed %q, %v, want %s", removed, err, dir)
	}
	if got := list(t, d.Root, "usr/src"); got != "" {
		t.Errorf("usr/src has %q after all was removed", got)
	}
	if removed, err := d.Remove(); err == nil && len(removed) > 0 {
		t.Errorf("removed %q again", removed)
	}
	if path, err := d.Path(); err == nil {
		t.Errorf("path = %q after all was removed", path)
	}
}

func modTime(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime().UnixNano()
}

// What this program did not make stays, and so does what it would lead away from.
func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(root string) error
		err  string // "" when it is no obstacle
	}{
		{"a tree of others", func(root string) error {
			return os.MkdirAll(filepath.Join(root, "usr/src/kheaders-"+release, "x"), 0o755)
		}, "kheaders did not make this directory"},
		{"an empty directory", func(root string) error {
			return os.MkdirAll(filepath.Join(root, "usr/src/kheaders-"+release), 0o755)
		}, ""},
		{"a build directory", func(root string) error {
			return os.MkdirAll(filepath.Join(root, "lib/modules", release, "build"), 0o755)
		}, "kheaders did not make what is there"},
		{"a link to other headers", func(root string) error {
			if err := os.MkdirAll(filepath.Join(root, "usr/src/linux-headers"), 0o755); err != nil {
				return err
			}
			return os.Symlink("/usr/src/linux-headers", filepath.Join(root, "lib/modules", release, "source"))
		}, "it leads to /usr/src/linux-headers, the headers of another package"},
		{"a link to where the kernel was built", func(root string) error {
			return os.Symlink("/home/builder/linux", filepath.Join(root, "lib/modules", release, "build"))
		}, ""},
		{"a record of others", func(root string) error {
			dir := filepath.Join(root, "usr/src/kheaders-"+release)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, recordName), []byte("{}"), 0o644)
		}, "is not kheaders' own"},
	} {
		d := image(t, map[string][]byte{"usr/lib/kheaders.tar.xz": complete(t)})
		if err := tt.make(d.Root); err != nil {
			t.Fatal(err)
		}
		before := all(t, d.Root)
		_, err := d.Install()
		if tt.err == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want %q in it", tt.name, err, tt.err)
		}
		if got := all(t, d.Root); got != before {
			t.Errorf("%s: changed\n%s\nto\n%s", tt.name, before, got)
		}
	}
}

// all names everything below a root.
func all(t *testing.T, root string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
		names = append(names, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// An image may have two kernels, or one in a file and none installed.
func TestRelease(t *testing.T) {
	d := image(t, nil)
	if err := os.MkdirAll(filepath.Join(d.Root, "lib/modules/6.1.0-other"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Install(); err == nil || !strings.Contains(err.Error(), "6.1.0-other, "+release) {
		t.Errorf("two kernels: got %v, want both named", err)
	}
	archive := filepath.Join(t.TempDir(), "a.tar.xz")
	if err := os.WriteFile(archive, complete(t), 0o644); err != nil {
		t.Fatal(err)
	}
	d = &Device{Root: t.TempDir(), From: archive}
	if tree, err := d.Install(); err != nil || tree.Release != release {
		t.Errorf("no kernel: got %+v, %v, want the archive's release", tree, err)
	}
	for _, bad := range []string{"", ".", "..", "a/b", "a b", "\x1b", strings.Repeat("a", 65)} {
		if checkRelease(bad) == nil {
			t.Errorf("release %q: got no error", bad)
		}
	}
}

func TestPrune(t *testing.T) {
	d := image(t, map[string][]byte{"usr/lib/kheaders.tar.xz": complete(t)})
	if _, err := d.Install(); err != nil {
		t.Fatal(err)
	}
	write(t, d.Root, "lib/modules/"+release+"/modules.dep", nil)
	write(t, d.Root, "usr/src/kheaders-precious/file", nil)
	write(t, d.Root, "usr/src/.kheaders-123/tree/file", nil)
	removed, err := d.Prune()
	if want := filepath.Join(d.Root, "usr/src/.kheaders-123"); err != nil || !slices.Equal(removed, []string{want}) {
		t.Errorf("removed %q, %v, want what a killed run left", removed, err)
	}
	if err := os.Remove(filepath.Join(d.Root, "lib/modules", release, "modules.dep")); err != nil {
		t.Fatal(err)
	}
	removed, err = d.Prune()
	if want := filepath.Join(d.Root, "usr/src/kheaders-"+release); err != nil || !slices.Equal(removed, []string{want}) {
		t.Errorf("removed %q, %v, want %s", removed, err, want)
	}
	if got := list(t, d.Root, "usr/src"); got != "kheaders-precious" {
		t.Errorf("usr/src has %q, want what others put there", got)
	}
	if got := list(t, d.Root, "lib/modules"); got != "" {
		t.Errorf("lib/modules has %q, want the directory of the kernel gone with its links", got)
	}
}

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		name    string
		archive []byte
		want    Status
		text    string
	}{
		{"none", nil, Status{}, "archive:  none\n"},
		{"complete", complete(t), Status{Intact: true, Kind: "complete", Modules: Ability{Can: true}, EBPF: Ability{Can: true}}, "modules:  yes\n"},
		{"headers", devicetest.Foreign(t, devicetest.Headers(release)), Status{Intact: true, Kind: "headers", EBPF: Ability{Can: true}},
			"modules:  no: it has headers alone, as upstream's archive: no Module.symvers"},
	} {
		files := map[string][]byte{}
		if tt.archive != nil {
			files["usr/lib/kheaders.tar.xz"] = tt.archive
		}
		d := image(t, files)
		s, err := d.Status()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if s.Release != release || s.Intact != tt.want.Intact || s.Kind != tt.want.Kind || s.Modules.Can != tt.want.Modules.Can || s.EBPF.Can != tt.want.EBPF.Can {
			t.Errorf("%s: got %+v, want %+v", tt.name, s, tt.want)
		}
		if (s.Problem() == nil) != (tt.archive != nil) {
			t.Errorf("%s: problem = %v", tt.name, s.Problem())
		}
		var b strings.Builder
		if err := s.Text(&b); err != nil || !strings.Contains(b.String(), tt.text) {
			t.Errorf("%s: text = %q, %v, want %q in it", tt.name, b.String(), err, tt.text)
		}
	}
}

// A path of an image never leads out of it.
func TestPath(t *testing.T) {
	d := &Device{Root: t.TempDir()}
	for link, target := range map[string]string{"abs": "/etc", "up": "../../../../etc", "loop": "loop", "a": "b"} {
		if err := os.Symlink(target, filepath.Join(d.Root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ path, want string }{
		{"usr/src", "usr/src"}, {"abs/x", "etc/x"}, {"up/x", "etc/x"}, {"a/c", "b/c"}, {"../x", "x"},
	} {
		got, err := d.path(tt.path)
		if want := filepath.Join(d.Root, tt.want); err != nil || got != want {
			t.Errorf("path(%q) = %q, %v, want %q", tt.path, got, err, want)
		}
	}
	if got, err := d.path("loop/x"); err == nil {
		t.Errorf("path of a loop = %q, want an error", got)
	}
	d.Root = "/"
	if got, err := d.path("usr/src"); err != nil || got != "/usr/src" {
		t.Errorf("path = %q, %v, want /usr/src", got, err)
	}
}

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ path, want string }{
		{"/a/b-c_1.ko", "/a/b-c_1.ko"}, {"/a b", "'/a b'"}, {"/a'b", `'/a'\''b'`}, {"/$(x)", "'/$(x)'"},
	} {
		if got := quote(tt.path); got != tt.want {
			t.Errorf("quote(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}
