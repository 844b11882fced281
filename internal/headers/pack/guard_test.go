// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// seededTree is an objects' tree of a kernel with RANDSTRUCT, by clang.
func seededTree() treetest.Files {
	f := treetest.Objects()
	for _, name := range []string{".config", "include/config/auto.conf"} {
		f[name] += "CONFIG_RANDSTRUCT=y\n"
	}
	f["scripts/basic/randstruct.seed"] = seed + "\n"
	f["scripts/Makefile.randstruct"] = "\n"
	return f
}

// With the seed permitted, modules can be built from the archive.
func TestAllowSeed(t *testing.T) {
	o := options(t, treetest.Source(), seededTree())
	o.AllowSeed = true
	r, err := Pack(o)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Files, func(name string) bool { return strings.HasSuffix(name, "scripts/basic/randstruct.seed") })
	if i < 0 {
		t.Errorf("got no seed among %v", r.Files)
	}
}

// What was gathered has the seed when that is permitted, and nothing is gathered
// else, not even under another name.
func TestGatherSeed(t *testing.T) {
	tree := maps.Clone(seededTree())
	maps.Copy(tree, treetest.Source())
	run := func(allow bool, take ...string) ([]byte, error) {
		t.Helper()
		g, err := Gather{Arch: "x86", Trees: []string{tree.Write(t, t.TempDir())}, Take: take, AllowSeed: allow}.Run()
		if err != nil {
			return nil, err
		}
		return g.AppendTar(nil)
	}
	if _, err := run(false); err == nil || !strings.Contains(err.Error(), "has CONFIG_RANDSTRUCT=y") {
		t.Errorf("got %v, want an error that names the option", err)
	}
	if p, err := run(true); err != nil || !bytes.Contains(p, []byte(seed)) {
		t.Errorf("permitted: got %d bytes, %v; want the seed among them", len(p), err)
	}
	for _, name := range []string{".config", "include/config/auto.conf"} {
		tree[name] = strings.ReplaceAll(tree[name], "CONFIG_RANDSTRUCT=y\n", "")
	}
	// Left behind by an earlier build.
	if p, err := run(false); err != nil || bytes.Contains(p, []byte(seed)) {
		t.Errorf("seed of an earlier build: got %d bytes, %v; want them without the seed", len(p), err)
	}
	if _, err := run(false, "scripts/basic/randstruct.seed"); err == nil || !strings.Contains(err.Error(), "it holds the RANDSTRUCT seed") {
		t.Errorf("taken by its name: got %v, want an error", err)
	}
	tree["scripts/mod/data"] = "x" + strings.ToUpper(seed) + "x"
	if _, err := run(false); err == nil || !strings.Contains(err.Error(), "scripts/mod/data: it holds the RANDSTRUCT seed") {
		t.Errorf("in another file: got %v, want an error that names it", err)
	}
}

// The programs of an archive have no path of the machine that built them.
func TestProgramsAreStripped(t *testing.T) {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "a.c"), filepath.Join(dir, "modpost")
	if err := os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-g", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("run gcc: %v\n%s", err, out)
	}
	p, err := os.ReadFile(program)
	if err != nil || !bytes.Contains(p, []byte(dir)) {
		t.Fatalf("the program has no path to begin with (%v)", err)
	}
	src, obj := treetest.Source(), treetest.Objects()
	obj["scripts/mod/modpost"] = string(p)
	o := options(t, src, obj)
	g, err := Gather{Arch: "x86", Trees: o.Trees}.Run()
	if err != nil {
		t.Fatal(err)
	}
	got := g.contents(t)["scripts/mod/modpost"]
	if strings.Contains(got, dir) || !strings.HasPrefix(got, "\x7fELF") {
		t.Errorf("gathered: got %d bytes of %d, with the path: %v", len(got), len(p), strings.Contains(got, dir))
	}
	r, _ := pack(t, o)
	if i := slices.IndexFunc(r.Manifest, func(e manifest.Entry) bool { return e.Name == "scripts/mod/modpost" }); r.Manifest[i].SHA256 != sha256.Sum256([]byte(got)) {
		t.Errorf("packed: got %d bytes, want the %d that gather has", r.Manifest[i].Size, len(got))
	}
}
