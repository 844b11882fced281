// SPDX-License-Identifier: Apache-2.0

//go:build bazel

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const kernelDir = "device/example/lab-kernel"

// build is a tree whose soong_build has the plugin linked in.
type build struct {
	tree
	bps []string
}

// newBuild compiles soong_build and the tools. What Soong's bootstrap writes into soong_build is a file that imports its
// plugins; here an overlay adds it.
func newBuild(t *testing.T) build {
	t.Helper()
	tr := newTree(t)
	plugins := filepath.Join(work, "plugins.go")
	write(t, plugins, "package main\n\nimport (\n\t_ \"android/soong/etc\"\n\t_ \""+module+"/soong/kheaders\"\n)\n")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {debian + "/src/android/soong/cmd/soong_build/plugins.go": plugins}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(work, "overlay.json"), string(overlay))
	bin := func(name string) string { return tr.path("out/soong/host/linux-x86/bin", name) }
	must(t, tr.top, goEnv(tr.gopath), "go", "build", "-tags", "soong", "-overlay", filepath.Join(work, "overlay.json"),
		"-o", tr.path("out/soong/.bootstrap/bin/soong_build"), "android/soong/cmd/soong_build")
	must(t, tr.top, goEnv(tr.gopath), "go", "build", "-o", bin("kheaders_packer"), module+"/tools/packer")
	must(t, tr.top, goEnv(tr.gopath), "go", "build", "-o", bin("kheaders_patcher"), module+"/tools/patcher")
	tr.write(t, "Android.bp", "")
	return build{tr, []string{"Android.bp"}}
}

// soong runs soong_build over the Android.bp files.
func (b *build) soong(t *testing.T) (string, error) {
	t.Helper()
	b.write(t, "bplist", strings.Join(b.bps, "\n")+"\n")
	return command(t, b.top, []string{"TOP=" + b.top}, "out/soong/.bootstrap/bin/soong_build", "-l", "bplist", "-b", "out/soong", "-n", "out/soong",
		"-o", "out/soong/build.ninja", "-globFile", "out/soong/build-globs.ninja", "-d", "out/soong/build.ninja.d", "Android.bp")
}

func (b *build) ninja(t *testing.T, targets ...string) string {
	t.Helper()
	return must(t, b.top, nil, "ninja", append([]string{"-d", "explain", "-v", "-f", "out/soong/build.ninja"}, targets...)...)
}

// dist puts a kernel's files where the example expects those of a Kleaf dist.
func (tr tree) dist(t *testing.T) {
	t.Helper()
	at := func(name string) string { return tr.path(kernelDir, name) }
	copyTree(t, os.Getenv("CONFIG"), at("kernel.config"))
	copyTree(t, os.Getenv("SYMVERS"), at("vmlinux.symvers"))
	copyTree(t, os.Getenv("VMLINUX"), at("vmlinux"))
	flat(t, os.Getenv("VMLINUX"), at("Image"))
	copyTree(t, os.Getenv("UAPI"), at("kernel-uapi-headers.tar.gz"))
	headers := readTar(t, os.Getenv("HEADERS"))
	headers.unpack(t, at("module-tree"))
	headers.kleaf(t, at("kernel-headers.tar.gz"))
	// The kernel at hand is of another architecture than the example's.
	bp := at("Android.bp")
	text := read(t, bp)
	if n := strings.Count(text, `kernel_arch: "arm64"`); n != 2 {
		t.Fatalf("%s has kernel_arch: \"arm64\" %d times, expected 2", bp, n)
	}
	write(t, bp, strings.ReplaceAll(text, `kernel_arch: "arm64"`, `kernel_arch: "x86_64"`))
}

// flat makes the raw image of a kernel, as its Makefile does.
func flat(t *testing.T, vmlinux, image string) {
	t.Helper()
	must(t, ".", nil, "objcopy", "-O", "binary", vmlinux, image)
}

// same fails unless a file of the tree is, byte for byte, another's.
func (tr tree) same(t *testing.T, got, want string) {
	t.Helper()
	g, w := read(t, tr.path(got)), read(t, want)
	if g != w {
		t.Errorf("%s differs from %s: %d and %d bytes", got, want, len(g), len(w))
	}
}

func intermediates(elements ...string) string {
	return filepath.Join(append([]string{"out/soong/.intermediates"}, elements...)...)
}

// outputs compares what Soong made with what the Bazel rules make of the same
// inputs.
func (tr tree) outputs(t *testing.T) {
	t.Helper()
	tr.same(t, intermediates(kernelDir, "lab_kheaders_module/lab_kheaders_module.tar.xz"), os.Getenv("ARCHIVE"))
	tr.same(t, intermediates(kernelDir, "lab_kheaders/lab_kheaders.tar.xz"), os.Getenv("TRACING"))
	tr.same(t, intermediates(kernelDir, "lab_vmlinux/vmlinux"), os.Getenv("STAMPED"))
	image := filepath.Join(t.TempDir(), "Image")
	flat(t, os.Getenv("STAMPED"), image)
	tr.same(t, intermediates(kernelDir, "lab_kernel/Image"), image)
}

var labTargets = []string{"lab_kernel", "lab_vmlinux", "lab_kernel_includes", "lab_kheaders.tar.xz"}

func TestSoongBuild(t *testing.T) {
	b := newBuild(t)
	b.dist(t)
	b.bps = append(b.bps, kernelDir+"/Android.bp", "ko/Android.bp")
	copyTree(t, os.Getenv("KO"), b.path("ko/kheaders.ko"))
	copyTree(t, os.Getenv("KO_ARCHIVE"), b.path("ko/kheaders.tar.xz"))
	b.write(t, "ko/Android.bp", `kheaders_module { name: "ko", src: "kheaders.ko", archive: "kheaders.tar.xz" }`)
	if out, err := b.soong(t); err != nil {
		t.Fatalf("soong_build: %v\n%s", err, out)
	}
	b.ninja(t, append([]string{"ko"}, labTargets...)...)
	b.outputs(t)
	b.same(t, intermediates("ko/ko/kheaders.ko"), os.Getenv("STAMPED_KO"))
	installed := must(t, b.top, nil, "find", "out/soong/target", "-name", "kheaders.tar.xz")
	if !strings.HasSuffix(strings.TrimSpace(installed), "/vendor/etc/kheaders.tar.xz") {
		t.Errorf("what the device ships is at %q, want vendor/etc/kheaders.tar.xz", installed)
	}

	t.Run("nothing twice", func(t *testing.T) {
		if out := b.ninja(t, labTargets...); !strings.Contains(out, "no work to do") {
			t.Errorf("ninja runs again:\n%s", out)
		}
	})
	t.Run("errors", b.errors)
	t.Run("a header changes", b.headerChanges)
}

// errors: where, what, and a status that says so.
func (b build) errors(t *testing.T) {
	b.bps = append(b.bps[:1:1], "bad/Android.bp")
	b.write(t, "bad/Android.bp", "kheaders_archive {\n    name: \"x\",\n    profile: \"all\",\n}\n")
	out, err := b.soong(t)
	if want := `bad/Android.bp:3:12: module "x": profile: is "all": expected one of`; err == nil || !strings.Contains(out, want) {
		t.Errorf("got %v and %q, want a failure and %q", err, out, want)
	}
	// An error of the tool leaves no output.
	b.write(t, "bad/Android.bp", `kheaders_include { name: "x", carrier: "Image" }`)
	b.write(t, "bad/Image", "no kernel")
	if out, err := b.soong(t); err != nil {
		t.Fatalf("soong_build: %v\n%s", err, out)
	}
	out, err = command(t, b.top, nil, "ninja", "-f", "out/soong/build.ninja", "x")
	if err == nil || !strings.Contains(out, "patcher: ") {
		t.Errorf("got %v and %q, want a failure of patcher", err, out)
	}
	if _, err := os.Stat(b.path(intermediates("bad/x/gen/tree.stamp"))); err == nil {
		t.Error("the failure left a stamp")
	}
	// Headers that the archive does not have.
	b.write(t, "bad/Android.bp", `kheaders_include { name: "x", carrier: "a.tar.xz", outs: ["usr/include/no.h"] }`)
	copyTree(t, os.Getenv("ARCHIVE"), b.path("bad/a.tar.xz"))
	if out, err := b.soong(t); err != nil {
		t.Fatalf("soong_build: %v\n%s", err, out)
	}
	out, err = command(t, b.top, nil, "ninja", "-f", "out/soong/build.ninja", "x")
	if want := "bad/a.tar.xz: its archive has no usr/include/no.h, which x wants"; err == nil || !strings.Contains(out, want) {
		t.Errorf("got %v and %q, want a failure and %q", err, out, want)
	}
}

// headerChanges: what includes a header that ninja knows is compiled again in the same run, what includes others only, in
// the next. This is what docs/soong.md says of outs.
func (b build) headerChanges(t *testing.T) {
	if out, err := b.soong(t); err != nil { // the one before was another
		t.Fatalf("soong_build: %v\n%s", err, out)
	}
	include := intermediates(kernelDir, "lab_kernel_includes/gen/tree/usr/include")
	b.write(t, "other.c", "#include <linux/lab_sensor.h>\nint version = LAB_SENSOR_VERSION;\n")
	copyTree(t, b.path("device/example/lab/sensor.c"), b.path("sensor.c"))
	b.write(t, "cc.ninja", "include out/soong/build.ninja\n"+
		"rule compile\n  command = gcc -nostdinc -I "+include+" -MD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n"+
		"build sensor.o: compile sensor.c || lab_kernel_includes\nbuild other.o: compile other.c || lab_kernel_includes\n")
	compile := func() string {
		return must(t, b.top, nil, "ninja", "-v", "-f", "cc.ninja", "sensor.o", "other.o")
	}
	compile()
	header := b.path(include, "linux/lab_sensor.h")
	before, err := os.Stat(header)
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(before.ModTime()); age > time.Hour {
		t.Errorf("%s is dated %v, want the time of unpacking", header, before.ModTime())
	}

	uapi := b.path(kernelDir, "kernel-uapi-headers.tar.gz")
	changed := readTar(t, uapi)
	changed["usr/include/linux/lab_sensor.h"] = bytes.ReplaceAll(changed["usr/include/linux/lab_sensor.h"], []byte("VERSION 1"), []byte("VERSION 2"))
	changed.write(t, uapi, "")
	out := compile()
	if !strings.Contains(read(t, header), "VERSION 2") {
		t.Errorf("%s is the old one", header)
	}
	after, err := os.Stat(header)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().After(before.ModTime()) {
		t.Errorf("the changed header is dated %v, want later than %v", after.ModTime(), before.ModTime())
	}
	if !strings.Contains(out, "-c sensor.c") {
		t.Errorf("sensor.c includes linux/types.h and was not compiled again:\n%s", out)
	}
	if out += compile(); !strings.Contains(out, "-c other.c") {
		t.Errorf("other.c was not compiled again in two runs:\n%s", out)
	}
}
