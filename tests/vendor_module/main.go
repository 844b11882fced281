// SPDX-License-Identifier: Apache-2.0

// Vendor_module tests examples/vendor_module as a vendor has it: a workspace of its own
// with the headers of a device, here the demo's kernel, and nothing else of it.
// Start it by `tools/bazel run //tests/vendor_module`.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

func main() { os.Exit(bazeltest.Main("vendor_module", run)) }

// A vendor is the workspace, and where its archive came from.
type vendor struct {
	bazeltest.Workspace
	image  string // the device's kernel
	digest string // of its archive
}

func run(ctx context.Context, _ []string, w io.Writer) (err error) {
	ours, err := bazeltest.Here(ctx)
	if err != nil {
		return err
	}
	example, err := ours.CopyExample("vendor_module")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, example.RemoveExample()) }()
	v, err := newVendor(ours, example)
	if err != nil {
		return err
	}
	return bazeltest.RunCases(ctx, w,
		bazeltest.Case{Name: "headers with another digest are refused", Run: v.anotherDigest},
		bazeltest.Case{Name: "headers that another module has by the same name are refused", Run: v.sameName},
		bazeltest.Case{Name: "a repository that is not used is reported", Run: v.notUsed},
		bazeltest.Case{Name: "the module is built and loads on the device", Run: v.loads},
		bazeltest.Case{Name: "the headers can be where a URL says", Run: v.url},
		bazeltest.Case{Name: "the programs can be a release's, and rules_go is not asked for", Run: func() error { return v.releasedTools(ours) }},
		bazeltest.Case{Name: "compile_commands.json is what clang understands", Run: v.compileCommands},
		bazeltest.Case{Name: "modules that depend on one another are refused", Run: v.cycle},
	)
}

// newVendor puts into a copy of the example the archive that the demo's stamped
// vmlinux holds.
func newVendor(ours, example bazeltest.Workspace) (*vendor, error) {
	const archiveTarget, imageTarget = "//examples/demo:archive_in_vmlinux", "//examples/demo:bzImage"
	if _, err := ours.Run("build", archiveTarget, imageTarget); err != nil {
		return nil, err
	}
	archive, err := ours.File(archiveTarget)
	if err != nil {
		return nil, err
	}
	image, err := ours.File(imageTarget)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	v := &vendor{Workspace: example, image: image, digest: hex.EncodeToString(sum[:])}
	return v, errors.Join(
		os.WriteFile(filepath.Join(v.In, "kheaders.tar.xz"), content, 0o644),
		v.edit("MODULE.bazel", regexp.MustCompile(`path = "../.."`), fmt.Sprintf("path = %q", ours.Dir)),
		// This checkout may be below /tmp. A file of the workspace needs no download.
		v.edit(".bazelrc", regexp.MustCompile(`\z`), "build --noincompatible_sandbox_hermetic_tmp\ncommon --repository_disable_download\n"),
	)
}

// edit replaces what is to be found once in a file of the workspace.
func (v *vendor) edit(name string, old *regexp.Regexp, by string) error {
	file := filepath.Join(v.In, name)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := len(old.FindAll(text, -1)); n != 1 {
		return fmt.Errorf("%s has %v %d times, want once", file, old, n)
	}
	return os.WriteFile(file, old.ReplaceAllLiteral(text, []byte(by)), 0o644)
}

// fails runs Bazel, which must fail with all of the words.
func (v *vendor) fails(args []string, words ...string) error {
	_, err := v.Run(args...)
	if err == nil {
		return fmt.Errorf("bazel %s succeeded", strings.Join(args, " "))
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			return fmt.Errorf("the error has no %q: %w", word, err)
		}
	}
	return nil
}

func (v *vendor) anotherDigest() error {
	return v.fails([]string{"build", "//:blink"}, "its sha256 is "+v.digest+"; expected 00000000")
}

// sameName adds a module of somebody else with headers of its own.
func (v *vendor) sameName() error {
	const other = `
bazel_dep(name = "lab", version = "1.2")
local_path_override(module_name = "lab", path = "lab")
`
	const lab = `module(name = "lab", version = "1.2")

bazel_dep(name = "rules_kheaders", version = "0.1.0")

kheaders = use_extension("@rules_kheaders//rules:extensions.bzl", "kheaders")
kheaders.archive(name = "device", sha256 = "00", urls = ["http://127.0.0.1/device.tar.xz"])
`
	mine, err := os.ReadFile(filepath.Join(v.In, "MODULE.bazel"))
	if err != nil {
		return err
	}
	if err := errors.Join(
		os.Mkdir(filepath.Join(v.In, "lab"), 0o755),
		os.WriteFile(filepath.Join(v.In, "lab/MODULE.bazel"), []byte(lab), 0o644),
		v.edit("MODULE.bazel", regexp.MustCompile(`\z`), other),
	); err != nil {
		return err
	}
	return errors.Join(
		v.fails([]string{"build", "//:blink"}, "kheaders.archive names the repository device twice: in module vendor_module, the root and in module lab@1.2"),
		os.WriteFile(filepath.Join(v.In, "MODULE.bazel"), mine, 0o644),
		os.RemoveAll(filepath.Join(v.In, "lab")),
	)
}

// notUsed has another archive without use_repo, which Bazel asks for. The build
// fails for another reason, so that the warning is seen.
func (v *vendor) notUsed() error {
	mine, err := os.ReadFile(filepath.Join(v.In, "MODULE.bazel"))
	if err != nil {
		return err
	}
	const spare = "kheaders.archive(name = \"spare\", file = \"//:kheaders.tar.xz\", sha256 = \"00\")\nuse_repo("
	if err := v.edit("MODULE.bazel", regexp.MustCompile(`use_repo\(`), spare); err != nil {
		return err
	}
	return errors.Join(
		v.fails([]string{"build", "//:blink"}, "Not imported, but reported as direct dependencies by the extension", "    spare"),
		os.WriteFile(filepath.Join(v.In, "MODULE.bazel"), mine, 0o644),
	)
}

func (v *vendor) loads() error {
	if err := v.edit("MODULE.bazel", regexp.MustCompile(`"0{64}"`), fmt.Sprintf("%q", v.digest)); err != nil {
		return err
	}
	if _, err := v.Run("build", "//:blink"); err != nil {
		return err
	}
	module, err := v.File("//:blink")
	if err != nil {
		return err
	}
	var console strings.Builder
	result, err := guest.Run(v.Context, guest.Config{
		Arch:      "x86_64",
		Image:     v.image,
		Files:     map[string]string{"/modules/blink.ko": module},
		Commands:  []string{"insmod /modules/blink.ko times=5", "rmmod blink"},
		MemoryMiB: 512,
		Timeout:   240,
	}, &console)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, &console)
	}
	said := strings.Join(result.Lines, "\n")
	if !strings.Contains(said, "blink: 5 times") || !strings.Contains(said, "blink: gone") {
		return fmt.Errorf("the guest did not say so:\n%s", said)
	}
	return nil
}

// serve answers on a port of loopback until it is ended.
func serve(answer http.HandlerFunc) (address string, end func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: answer}
	go server.Serve(listener)
	return listener.Addr().String(), server.Close, nil
}

// url has the headers downloaded from a local server.
func (v *vendor) url() error {
	var asked atomic.Int32
	address, end, err := serve(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.ServeFile(w, r, filepath.Join(v.In, "kheaders.tar.xz"))
	})
	if err != nil {
		return err
	}
	defer end()
	file := regexp.MustCompile(`file = "//:kheaders.tar.xz"`)
	if err := v.edit("MODULE.bazel", file, fmt.Sprintf(`urls = ["http://%s/device/kheaders.tar.xz"]`, address)); err != nil {
		return err
	}
	// Bazel keeps what it has by its digest.
	if _, err := v.Run("build", "--repository_cache=", "--norepository_disable_download", "//:blink"); err != nil {
		return err
	}
	if asked.Load() == 0 {
		return errors.New("the module was built and nobody asked the server")
	}
	return nil
}

func (v *vendor) cycle() error {
	dir := filepath.Join(v.In, "cycle")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	const build = `load("@rules_kheaders//rules:defs.bzl", "kernel_module")

[kernel_module(name = name, srcs = ["//:blink.c"], archive = "@device//:archive", deps = [other]) for name, other in [("a", "b"), ("b", "a")]]
`
	if err := os.WriteFile(filepath.Join(dir, "BUILD.bazel"), []byte(build), 0o644); err != nil {
		return err
	}
	return v.fails([]string{"build", "//cycle:a"}, "cycle in dependency graph", "//cycle:a", "//cycle:b")
}
