// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/carriertest"
)

// With this in the environment the test binary is patcher; the value limits
// the size of the files that it may write, in bytes.
const asPatcher = "RUN_AS_PATCHER_WITH_LIMIT"

// modes are what else the test binary does, by a variable in the environment,
// instead of testing. A mode returns the exit status.
var modes = map[string]func(value string) int{}

func TestMain(m *testing.M) {
	for name, mode := range modes {
		if value, ok := os.LookupEnv(name); ok {
			os.Exit(mode(value))
		}
	}
	limit, ok := os.LookupEnv(asPatcher)
	if !ok {
		os.Exit(m.Run())
	}
	if n, err := strconv.ParseUint(limit, 10, 63); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			panic(err)
		}
	}
	main()
}

// run runs patcher in a process of its own, in dir.
func run(t *testing.T, dir, limit string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A command that waits for ever has the status -1.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = append(os.Environ(), asPatcher+"="+limit)
	if err := cmd.Run(); err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

const capacity = 16 << 10

func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	kernel := carriertest.ELF{Is64: true, Type: elf.ET_EXEC, Machine: elf.EM_X86_64}.SectionKernel(".rodata1", carriertest.Placeholder(t, capacity))
	archive := carriertest.Archive(t, carriertest.Release, tar.Header{Name: "Makefile", Size: 100}, tar.Header{Name: "include/a.h", Size: 5000})
	for name, content := range map[string][]byte{
		"vmlinux":  kernel.Bytes(),
		"a.tar.xz": carriertest.Bytes(t, archive, 12<<10),
		"signed.ko": append(carriertest.ELF{Is64: true, Type: elf.ET_REL, Machine: elf.EM_X86_64}.Kernel(carriertest.Placeholder(t, capacity)).Bytes(),
			// struct module_signature of linux/module_signature.h: PKCS #7, 4 bytes.
			"PKCS\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x04~Module signature appended~\n"...),
		"params": []byte("stamp\n--carrier=vmlinux\n--archive=a.tar.xz\n--out=by-params\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCommands(t *testing.T) {
	dir := workspace(t)
	content, err := os.ReadFile(filepath.Join(dir, "a.tar.xz"))
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(content))
	for _, tt := range []struct {
		args   string
		status int
		stdout string // a substring
		stderr string // a substring; "" means that there is nothing
	}{
		{"stamp --carrier vmlinux --archive a.tar.xz --out stamped --report report.json", 0, "", ""},
		{"@params", 0, "", ""},
		{"stamp --carrier stamped --archive a.tar.xz --out twice --restamp --section .rodata1", 0, "", ""},
		{"extract --carrier stamped --out kheaders.tar.xz", 0, "", ""},
		{"extract --carrier stamped --dir tree --symbols kernel_headers_data,kernel_headers_data_end", 0, "", ""},
		{"extract --carrier a.tar.xz --out pinned.tar.xz --sha256 " + digest, 0, "", ""},
		{"extract --carrier vmlinux --out none --sha256 " + digest, 1, "", "; expected " + digest + "; if the file is right, pin its digest"},
		{"extract --carrier vmlinux --dir none --sha256 0123", 1, "", `the sha256 to compare with is "0123"; expected 64 hex digits`},
		{"inspect stamped", 0, "state:            stamped", ""},
		{"inspect --json vmlinux", 0, `"state": "placeholder"`, ""},
		{"inspect kheaders.tar.xz", 0, "kind:             archive", ""},
		{"verify stamped --original vmlinux", 0, "stamped: verified: release 6.1.0-test, 2 members, ", ""},
		{"verify --json stamped", 0, `"verified": true`, ""},
		{"verify stamped --original vmlinux --out verdict.json", 0, "", ""},
		{"stamp --carrier vmlinux --archive a.tar.xz --out none --report ./none", 1, "", "write ./none: it is also the output: expected another name"},
		{"verify stamped --out stamped", 1, "", "write stamped: it is also the file to verify: expected another name"},
		{"verify stamped --original vmlinux --out ./vmlinux", 1, "", "write ./vmlinux: it is also the original: expected another name"},
		{"inspect verdict.json", 1, "", "no reservation found"},
		{"inspect --json signed.ko", 0, `"signed": true`, ""},
		{"stamp --carrier signed.ko --archive a.tar.xz --out none", 1, "", "give --unsign and sign it again"},
		{"stamp --carrier signed.ko --archive a.tar.xz --out stamped.ko --unsign", 0, "", ""},
		{"inspect --json stamped.ko", 0, `"signed": false`, ""},
		{"verify stamped.ko --original signed.ko", 0, ", the rest as in signed.ko\n", ""},
		{"stamp -h", 0, "its content is by 'verify'", ""},
		{"-h", 0, "patcher stamp --carrier IN", ""},
		{"verify stamped.ko --original stamped.ko", 1, "", "original stamped.ko is the same file"},
		{"verify stamped --original=", 1, "", "--original is empty"},
		{"verify -h", 0, "--original UNSTAMPED", ""},

		{"stamp --carrier stamped --archive a.tar.xz --out none", 1, "", "patcher: stamp stamped: section .rodata1 is stamped already"},
		{"stamp --carrier vmlinux --archive a.tar.xz", 1, "", "patcher: stamp: --out FILE is required"},
		{"stamp --carrier vmlinux --archive a.tar.xz --out none x", 1, "", `patcher: stamp: unexpected argument "x"`},
		{"stamp --carrier vmlinux --archive a.tar.xz --out none --symbols a", 1, "", `--symbols is "a": expected two names, as in start,end`},
		{"stamp --carrier vmlinux --archive vmlinux --out none", 1, "", "expected the file that 'packer pack' wrote"},
		{"extract --carrier stamped", 1, "", "expected one of --out FILE and --dir DIR"},
		{"extract --carrier stamped --out none --dir none", 1, "", "expected one of --out FILE and --dir DIR"},
		{"extract --carrier stamped --dir tree", 1, "", "is not empty"},
		{"inspect", 1, "", "patcher: inspect: expected one FILE, got 0"},
		{"inspect none", 1, "", "patcher: inspect: read file: stat none: no such file or directory"},
		{"inspect .", 1, "", "patcher: inspect: read file .: it is a directory"},
		{"verify vmlinux", 1, "", "holds a placeholder: expected a stamped archive"},
		{"verify --section .text stamped", 1, "", "disagree"},
	} {
		status, stdout, stderr := run(t, dir, "", strings.Fields(tt.args)...)
		if status != tt.status {
			t.Errorf("patcher %s: status = %d, want %d", tt.args, status, tt.status)
		}
		if !strings.Contains(stdout, tt.stdout) {
			t.Errorf("patcher %s: stdout = %q, want %q in it", tt.args, stdout, tt.stdout)
		}
		if !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
			t.Errorf("patcher %s: stderr = %q, want %q in it", tt.args, stderr, tt.stderr)
		}
		if tt.status != 0 && strings.Count(stderr, "\n") != 1 {
			t.Errorf("patcher %s: stderr = %q, want one line", tt.args, stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
			t.Fatalf("patcher %s: made a file", tt.args)
		}
	}
	for _, same := range [][2]string{{"stamped", "by-params"}, {"stamped", "twice"}} {
		a, errA := os.ReadFile(filepath.Join(dir, same[0]))
		b, errB := os.ReadFile(filepath.Join(dir, same[1]))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s and %s differ (%v, %v)", same[0], same[1], errA, errB)
		}
	}
	var report struct {
		Carrier   string
		LocatedBy string `json:"located_by"`
		Capacity  int64
	}
	p, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(p, &report); err != nil || report.Carrier != "vmlinux" || report.LocatedBy != "section" || report.Capacity != capacity {
		t.Errorf("report = %+v, %v", report, err)
	}
}

// A FIFO that nobody writes into is refused, not waited for.
func TestFIFO(t *testing.T) {
	dir := workspace(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	for args, want := range map[string]string{
		"stamp --carrier fifo --archive a.tar.xz --out none":               "read carrier fifo: it is no regular file: expected a vmlinux",
		"stamp --carrier vmlinux --archive fifo --out none":                "read archive fifo: it is no regular file: expected the file that 'packer pack' wrote",
		"stamp --carrier vmlinux --archive a.tar.xz --out fifo":            "write file fifo: it is not a regular file",
		"stamp --carrier vmlinux --archive a.tar.xz --out a --report fifo": "write file fifo: it is not a regular file",
		"extract --carrier fifo --out none":                                "read file fifo: it is no regular file",
		"extract --carrier a.tar.xz --dir fifo":                            "fifo is no directory: expected a directory that does not exist or is empty",
		"inspect fifo":                                                     "read file fifo: it is no regular file",
		"verify a.tar.xz --original fifo":                                  "read carrier fifo: it is no regular file",
	} {
		status, _, stderr := run(t, dir, "", strings.Fields(args)...)
		if status != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("patcher %s: status = %d, stderr = %q; want 1, and one line with %q", args, status, stderr, want)
		}
		if got := names(t, dir); got != before {
			t.Fatalf("patcher %s: files = %q, want %q", args, got, before)
		}
	}
}

// A limit on the size of files stands for a disk that is full, where there is
// no other: it is a one-line error and leaves nothing.
func TestFileSizeLimit(t *testing.T) {
	dir := workspace(t)
	if status, _, stderr := run(t, dir, "", "stamp", "--carrier=vmlinux", "--archive=a.tar.xz", "--out=stamped"); status != 0 {
		t.Fatal(stderr)
	}
	before := names(t, dir)
	for _, args := range [][]string{
		{"stamp", "--carrier=vmlinux", "--archive=a.tar.xz", "--out=out", "--report=report.json"},
		{"extract", "--carrier=stamped", "--out=out"},
		{"extract", "--carrier=stamped", "--dir=tree"},
	} {
		for _, limit := range []string{"0", "1000"} {
			status, _, stderr := run(t, dir, limit, args...)
			if status != 1 || !strings.HasPrefix(stderr, "patcher: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "file too large") {
				t.Errorf("%v with a limit of %s: status %d, stderr %q; want 1 and one line", args, limit, status, stderr)
			}
			if got := names(t, dir); got != before {
				t.Errorf("%v with a limit of %s: files = %q, want %q", args, limit, got, before)
			}
		}
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}
