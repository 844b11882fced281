// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/pack"
)

// kernel writes the least that can be packed and returns the directory.
func kernel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"arch/x86/include/asm/page.h":          "#define PAGE_SHIFT 12 /* 4 KiB */\n",
		"arch/x86/include/generated/asm/irq.h": "int irq;\n",
		"include/config/kernel.release":        "6.1.0\n",
		"include/generated/autoconf.h":         "int conf;\n",
		"include/linux/kernel.h":               "/* kernel */\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, status int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := packer.Main(args, &out, &errs); got != status {
		t.Fatalf("packer %q: got status %d, want %d; stderr %s", args, got, status, errs.String())
	}
	return out.String(), errs.String()
}

func TestCommands(t *testing.T) {
	tree := kernel(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	packed := []string{"pack", "--profile", "tracing", "--arch", "x86", "--tree", tree}

	stdout, _ := run(t, 0, append(packed, "--out", file("a.tar.xz"), "--manifest", file("a.manifest"), "--report", file("a.json"), "--spdx", file("a.spdx.json"), "--json")...)
	var r pack.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Release != "6.1.0" || r.Members != 4 {
		t.Errorf("pack --json: got %s, %v", stdout, err)
	}
	if got, err := os.ReadFile(file("a.json")); err != nil || string(got) != stdout {
		t.Errorf("report: got %q, %v; want what --json printed", got, err)
	}
	if got, err := os.ReadFile(file("a.spdx.json")); err != nil || !strings.Contains(string(got), r.SHA256) || strings.Count(string(got), `"fileName"`) != 4 {
		t.Errorf("SPDX document: got %s, %v; want one of the archive and its 4 members", got, err)
	}
	manifest, err := os.ReadFile(file("a.manifest"))
	if err != nil {
		t.Fatal(err)
	}

	for range 2 { // the second finds the segments of the first
		_, stderr := run(t, 0, append(packed, "--out", file("cached.tar.xz"), "--cache", file("cache"), "--verbose", "--memory-limit", "100")...)
		if !strings.Contains(stderr, " needs about 30 MiB of memory") {
			t.Errorf("--verbose: got %q, want what memory is needed", stderr)
		}
		got, err := os.ReadFile(file("cached.tar.xz"))
		if want, _ := os.ReadFile(file("a.tar.xz")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("--cache: got other bytes than without, %v", err)
		}
	}
	if segments, err := filepath.Glob(file("cache/*.segment")); len(segments) != 1 {
		t.Errorf("--cache: got files %q, %v, want one", segments, err)
	}
	if _, stderr := run(t, 1, append(packed, "--out", file("b.tar.xz"), "--memory-limit", "1")...); !strings.Contains(stderr, "expected at most 1; run on fewer cores") {
		t.Errorf("--memory-limit: got %q", stderr)
	}

	list, _ := run(t, 0, "list", file("a.tar.xz"))
	if list != string(manifest) {
		t.Errorf("list: got %q, want the manifest %q", list, manifest)
	}
	asJSON, _ := run(t, 0, "list", "--json", file("a.tar.xz"))
	var entries []struct{ Name string }
	if err := json.Unmarshal([]byte(asJSON), &entries); err != nil || len(entries) != 4 || entries[3].Name != "include/linux/kernel.h" {
		t.Errorf("list --json: got %s, %v", asJSON, err)
	}

	params := file("params")
	if err := os.WriteFile(params, []byte(strings.Join(append(packed, "--out", file("b.tar.xz"), "--comments", "keep", "--add", "Kbuild="+params), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, 0, "@"+params)
	diff, _ := run(t, 0, "diff", file("a.tar.xz"), file("b.tar.xz"))
	for _, want := range []string{"+ ", " Kbuild\n", "~ 22 -> 34 (+12) arch/x86/include/asm/page.h\n", "~ 0 -> 13 (+13) include/linux/kernel.h\n", "1 added, 0 removed, 2 changed: +"} {
		if !strings.Contains(diff, want) {
			t.Errorf("diff: got %q, want %q in it", diff, want)
		}
	}
	if same, _ := run(t, 0, "diff", "--json", file("a.tar.xz"), file("a.manifest")); !strings.Contains(same, `"growth": 0`) {
		t.Errorf("diff of an archive and its manifest: got %s", same)
	}

	run(t, 0, "placeholder", "--capacity", "64K", "--out", file("p.tar.xz"))
	if info, err := os.Stat(file("p.tar.xz")); err != nil || info.Size() != 65536 {
		t.Errorf("placeholder: got %v, %v; want 65536 bytes", info, err)
	}
	if list, _ := run(t, 0, "list", file("p.tar.xz")); !strings.HasSuffix(list, " README\n") {
		t.Errorf("list of a placeholder: got %q, want its README", list)
	}
}

// TestForeign lists an archive that GNU tar and xz made, with the programs where
// the machine has them.
func TestForeign(t *testing.T) {
	tree := kernel(t)
	file := filepath.Join(t.TempDir(), "a.tar.xz")
	cmd := exec.Command("tar", "--format=gnu", "-cJf", file, "-C", tree, ".")
	if err := cmd.Run(); err != nil {
		// Without the programs the test is that of the error.
		_, stderr := run(t, 1, "list", file)
		if !strings.HasPrefix(stderr, "packer: list: list members") {
			t.Errorf("got %q", stderr)
		}
		return
	}
	list, _ := run(t, 0, "list", file)
	for _, want := range []string{" 34 ", " arch/x86/include/asm/page.h\n", " include/linux/kernel.h\n"} {
		if !strings.Contains(list, want) {
			t.Errorf("list: got %q, want %q in it", list, want)
		}
	}
}

func TestErrors(t *testing.T) {
	tree := kernel(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out.tar.xz")
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	base := []string{"pack", "--profile", "tracing", "--arch", "x86", "--tree", tree, "--out", out}
	with := func(args ...string) []string { return append(append([]string{}, base...), args...) }
	empty := filepath.Join(t.TempDir(), "Module.symvers")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"pack"}, "packer: pack: --out FILE is required"},
		{with("x"), `unexpected argument "x"`},
		{with("--comments", "none"), `--comments is "none": expected strip, lines or keep`},
		{with("--preset", "least"), `--preset is "least": expected default, smallest or fast`},
		{with("--add", "NAME"), `read addition "NAME": expected NAME=FILE`},
		{with("--capacity", "1024"), "and the capacity is 1024: set the capacity to "},
		{with("--capacity", "1022"), "capacity is 1022: expected a multiple of 4"},
		{with("--capacity", "-4"), "capacity is -4: expected a multiple of 4"},
		{with("--exclude", "no/such"), "exclude no/such: it matches nothing in " + tree},
		{with("--manifest", filepath.Join(dir, "dir")), "it is a directory"},
		{with("--report", filepath.Join(dir, "no", "such")), "no such file or directory"},
		{with("--manifest", out), "two outputs have that name"},
		{with("--manifest", dir+"/./out.tar.xz"), "two outputs have that name"},
		{with("--report", dir+"/dir/../out.tar.xz"), "two outputs have that name"},
		{with("--manifest", filepath.Join(link, "out.tar.xz")), "two outputs have that name"},
		{[]string{"placeholder", "--out", out}, "--capacity BYTES is required"},
		{[]string{"placeholder", "--out", out, "--capacity", "64"}, "set the capacity to "},
		{[]string{"placeholder", "--out", out, "--capacity", "8MiB"}, "expected bytes, as 8388608, 8192K or 8M"},
		{[]string{"placeholder", "--out", out, "--capacity", "-4"}, "capacity is -4: expected a multiple of 4"},
		{[]string{"placeholder", "--capacity", "65536"}, "--out FILE is required"},
		{[]string{"list"}, "expected one FILE, got 0"},
		{[]string{"list", filepath.Join(dir, "none")}, "no such file or directory"},
		{[]string{"list", dir}, "is not a file, expected an archive, a carrier or a manifest"},
		{[]string{"list", filepath.Join(tree, "include/linux/kernel.h")}, "find reservation in " + tree},
		{[]string{"diff", out}, "expected two FILEs, got 1"},
		{[]string{"gather", "--arch", "x86", "--tree", tree}, "--out FILE is required"},
		{[]string{"gather", "--arch", "x86", "--out", out}, "no tree was given"},
		{[]string{"gather", "--arch", "x86", "--tree", tree, "--out", out, "--take", ".config"}, `--take is ".config": expected NAME=FILE`},
		{[]string{"gather", "--arch", "x86", "--tree", tree, "--out", out, "--take", "x=a", "--take", "x=b"}, "--take is given twice for x, as a and as b: leave one out"},
		{[]string{"gather", "--arch", "x86", "--tree", tree, "--out", out, "--take", "x=" + out}, "take x: it is in none of " + tree},
		{[]string{"symvers", "--out", out}, "no Module.symvers is given"},
		{[]string{"symvers", "--out", out, os.DevNull}, "packer: symvers: read symbols: read /dev/null: it is not a regular file"},
		{[]string{"symvers", "--out", out, empty}, `packer: symvers: read symbols: ` + empty + `: it is empty, expected a line for each exported symbol; build the kernel's 'modules' goal too (Kleaf: "modules" in make_goals`},
	}
	for _, tt := range tests {
		_, stderr := run(t, 1, tt.args...)
		if !strings.Contains(stderr, tt.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("packer %q: got %q, want one line with %q", tt.args, stderr, tt.want)
		}
		if _, err := os.Stat(out); !os.IsNotExist(err) {
			t.Fatalf("packer %q left %s behind", tt.args, out)
		}
	}
}

// What is gathered is a tree to pack from, and what is taken is the file itself.
func TestGather(t *testing.T) {
	tree := kernel(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("symvers"), []byte("0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const name = "include/linux/kernel.h"
	run(t, 0, "gather", "--arch", "x86", "--tree", tree, "--out", file("tree.tar"), "--take", name+"="+file("taken"))
	run(t, 0, "pack", "--profile", "tracing", "--arch", "x86", "--tree", file("tree.tar"), "--out", file("gathered.tar.xz"))
	run(t, 0, "pack", "--profile", "tracing", "--arch", "x86", "--tree", tree, "--out", file("direct.tar.xz"))
	for a, b := range map[string]string{"gathered.tar.xz": file("direct.tar.xz"), "taken": filepath.Join(tree, name)} {
		got, err := os.ReadFile(file(a))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile(b); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s (%v)", a, b, err)
		}
	}
	run(t, 0, "symvers", "--out", file("joined"), file("symvers"), file("symvers"))
	got, err := os.ReadFile(file("joined"))
	if err != nil || string(got) != "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n" {
		t.Errorf("symvers: got %q, %v", got, err)
	}
}

// An output that is also an input, by whatever name, is refused.
func TestOutputIsInput(t *testing.T) {
	tree, dir := kernel(t), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	const symbols = "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n"
	if err := os.WriteFile(file("symvers"), []byte(symbols), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(file("symvers"), file("linked")); err != nil {
		t.Fatal(err)
	}
	run(t, 0, "gather", "--arch", "x86", "--tree", tree, "--out", file("tree.tar"))
	gathered, err := os.ReadFile(file("tree.tar"))
	if err != nil {
		t.Fatal(err)
	}
	packed := []string{"pack", "--profile", "tracing", "--arch", "x86", "--tree", file("tree.tar")}
	const name = "include/linux/kernel.h"
	header := filepath.Join(tree, name)
	if err := os.WriteFile(file("list"), []byte("include/linux/other.h="+header), 0o644); err != nil {
		t.Fatal(err)
	}
	ofTree := []string{"pack", "--profile", "tracing", "--arch", "x86", "--tree", tree}
	ofList := append(slices.Clone(packed), "--files", file("list"))
	text, err := os.ReadFile(header)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		append(packed, "--out", file("tree.tar")),
		append(packed, "--out", file("symvers"), "--symvers", file("symvers")),
		append(packed, "--out", file("a"), "--report", file("linked"), "--symvers", file("symvers")),
		append(packed, "--out", file("a"), "--manifest", file("symvers"), "--add", "x="+file("symvers")),
		{"gather", "--arch", "x86", "--tree", file("tree.tar"), "--out", dir + "/./tree.tar"},
		{"gather", "--arch", "x86", "--tree", file("tree.tar"), "--out", file("a"), "--take", name + "=" + file("tree.tar")},
		{"symvers", "--out", file("symvers"), file("symvers")},
		append(ofTree, "--out", header),
		append(ofList, "--out", header),
		{"gather", "--arch", "x86", "--tree", tree, "--out", header},
	} {
		if _, stderr := run(t, 1, args...); !strings.Contains(stderr, "it is also an input, ") {
			t.Errorf("packer %q: got %q", args, stderr)
		}
	}
	for name, want := range map[string]string{"tree.tar": string(gathered), "symvers": symbols} {
		if got, err := os.ReadFile(file(name)); err != nil || string(got) != want {
			t.Errorf("%s was changed (%v)", name, err)
		}
	}
	if got, err := os.ReadFile(header); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%s was changed (%v)", header, err)
	}
	if _, err := os.Stat(file("a")); !os.IsNotExist(err) {
		t.Errorf("an output is left: %v", err)
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A report that cannot be printed is a failure, and leaves no output.
func TestPrintFails(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a.tar.xz")
	var stderr bytes.Buffer
	args := []string{"pack", "--profile", "tracing", "--arch", "x86", "--tree", kernel(t), "--out", out, "--json"}
	if got := packer.Main(args, fullWriter{}, &stderr); got != 1 || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("got status %d, %q", got, stderr.String())
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("the archive is left: %v", err)
	}
}
