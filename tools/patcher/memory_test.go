// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/xz"
)

// measured has the test binary run patcher and print its peak of resident memory in
// MiB. Linux counts the memory of the process that calls exec(2) towards it
// (fs/exec.c, exec_mmap), so that has to be one which has just begun.
const measured = "RUN_PATCHER_MEASURED"

func init() {
	modes[measured] = func(string) int {
		os.Unsetenv(measured)
		cmd := exec.Command(os.Args[0], os.Args[1:]...)
		cmd.Env = append(os.Environ(), asPatcher+"=")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10)
		return 0
	}
}

// largeArchive writes an archive with the dictionary of the preset smallest, and
// more content than that.
func largeArchive(t *testing.T, file string) {
	const members, size, dictionary = 40, 1 << 20, 32 << 20
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	text := bytes.Repeat([]byte("#define VALUE 0x1234\nstruct s { int a; };\n"), size/42)
	for i := range members {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("include/f%d.h", i), Mode: 0o644, Size: int64(len(text)), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	block, err := lzma2.Fast.Encode(lzma2.Part{content.Bytes()}, 0)
	if err != nil {
		t.Fatal(err)
	}
	block.DictProp = xz.DictProp(dictionary)
	archive := container.Archive{
		Marker:  container.Marker{Stamped: true, Release: "6.1.0", Members: members, Content: sha256.Sum256(content.Bytes())},
		Content: []xz.Block{block},
	}
	p, err := archive.Bytes(archive.MinSize())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, p, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMemory reads an archive with the largest dictionary of all presets within 64 MiB.
func TestMemory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "large.tar.xz")
	largeArchive(t, file)
	for _, args := range []string{
		"inspect --memory-limit 64 " + file,
		"verify --memory-limit 64 " + file,
		"extract --memory-limit 64 --carrier " + file + " --dir " + filepath.Join(dir, "tree"),
		"extract --memory-limit 64 --carrier " + file + " --out " + filepath.Join(dir, "out.tar.xz"),
	} {
		cmd := exec.Command(os.Args[0], strings.Fields(args)...)
		cmd.Env = append(os.Environ(), measured+"=1")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", args, err, errs.String())
		}
		peak, err := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil || peak >= 64 {
			t.Errorf("%s: got %q MiB, %v, want less than 64", args, out, err)
		}
		t.Logf("%s: %d MiB", strings.Fields(args)[0], peak)
	}
}
