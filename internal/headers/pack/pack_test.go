// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/lzma2"
	"github.com/rules-kheaders/rules_kheaders/internal/archive/manifest"
	"github.com/rules-kheaders/rules_kheaders/internal/carrier/members"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// options writes both trees and returns the options that pack them.
func options(t *testing.T, src, obj treetest.Files) Options {
	t.Helper()
	dir := t.TempDir()
	s, o := src.Write(t, filepath.Join(dir, "src")), obj.Write(t, filepath.Join(dir, "obj"))
	return Options{
		Profile: "module", Arch: "x86_64", Trees: []string{s, o},
		Symvers: filepath.Join(o, "Module.symvers"), Config: filepath.Join(o, ".config"),
		Comments: Strip, Encoder: lzma2.Default,
	}
}

func pack(t *testing.T, o Options) (*Result, []byte) {
	t.Helper()
	r, err := Pack(o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Bytes(0)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

func text(entries []manifest.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%04o %d %s\n", e.Mode, e.Size, e.Name)
	}
	return b.String()
}

const wantModule = `0644 42 Module.symvers
0644 89 .config
0644 12 Makefile
0644 6 arch/x86/Makefile
0644 22 arch/x86/include/asm/page.h
0644 29 arch/x86/include/generated/asm/irq.h
0644 52 include/asm-generic/sum.h
0644 61 include/config/auto.conf
0644 12 include/config/kernel.release
0644 13 include/dt-bindings/input/ev.h
0644 23 include/generated/autoconf.h
0644 34 include/generated/utsrelease.h
0644 56 include/linux/kernel.h
0644 13 include/uapi/linux/input-ev.h
0644 17 scripts/Kbuild.include
0644 17 scripts/Makefile.build
0644 20 scripts/Makefile.compiler
0644 21 scripts/Makefile.extrawarn
0644 15 scripts/Makefile.lib
0644 20 scripts/Makefile.modfinal
0644 19 scripts/Makefile.modpost
0755 10 scripts/check-local-export
0755 12 scripts/mod/modpost
0644 12 scripts/module.lds
0755 10 scripts/modules-check.sh
0644 18 scripts/subarch.include
`

// wantSHA256 is the digest of the archive of the two trees above. It changes when the content, the marker, the container or the
// compressor does: users then get other archives from the same inputs, so the
// release notes have to say so.
const wantSHA256 = "392e1b8e3ef75c8463c1480fe7de1b941a3093e4534cd69da6ae76fde0589964"

func TestPack(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	r, p := pack(t, o)
	if got := text(r.Manifest); got != wantModule {
		t.Errorf("manifest: got\n%swant\n%s", got, wantModule)
	}
	if got := r.Report.SHA256; got != wantSHA256 {
		t.Errorf("archive: got sha256 %s, want %s", got, wantSHA256)
	}
	a, err := container.Parse(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Verify(); err != nil {
		t.Error(err)
	}
	if !a.Marker.Stamped || a.Marker.Release != "6.1.192-lab" || a.Marker.Members != len(r.Manifest) {
		t.Errorf("marker: got %+v", a.Marker)
	}
	want := Report{
		Release: "6.1.192-lab", Profile: "module", Series: "6.1", Arch: "x86", Members: 26,
		TarBytes: 26 * 1024, ArchiveBytes: int64(len(p)), MinCapacity: int64(len(p)),
		SHA256: wantSHA256, ContentSHA256: fmt.Sprintf("%x", a.Marker.Content), Preset: "default", Comments: Strip,
	}
	if r.Report != want {
		t.Errorf("report: got %+v, want %+v", r.Report, want)
	}
	file := filepath.Join(t.TempDir(), "a.tar.xz")
	if err := os.WriteFile(file, p, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := members.List(file); err != nil || !slices.Equal(got, r.Manifest) {
		t.Errorf("members.List: got %v, %v; want what Pack said", got, err)
	}
}

func TestTracing(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	o.Profile, o.Symvers, o.Config = "tracing", "", ""
	r, _ := pack(t, o)
	var want []string
	for line := range strings.Lines(wantModule) {
		if strings.HasSuffix(line, ".h\n") {
			want = append(want, line)
		}
	}
	if got := text(r.Manifest); got != strings.Join(want, "") {
		t.Errorf("manifest: got\n%swant\n%s", got, strings.Join(want, ""))
	}
}

// TestSameBytes packs the same content in other forms.
func TestSameBytes(t *testing.T) {
	o := options(t, treetest.Source(), treetest.Objects())
	_, want := pack(t, o)
	check := func(name string, o Options) {
		t.Helper()
		if _, got := pack(t, o); !bytes.Equal(got, want) {
			t.Errorf("%s: got other bytes", name)
		}
	}
	check("again", o)
	check("other order, modes and times", options(t, treetest.Source(), treetest.Objects()))

	other := o
	other.Trees = []string{o.Trees[1], o.Trees[0]}
	check("trees the other way round", other)

	other.Trees = []string{linkFarm(t, o.Trees[0]), linkFarm(t, o.Trees[1])}
	check("links to files", other)
	top := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(o.Trees[0], top); err != nil {
		t.Fatal(err)
	}
	other.Trees = []string{top, o.Trees[1]}
	check("link to a tree", other)

	for _, form := range []treetest.Tar{{}, {Prefix: "./"}, {Gzip: true}, {Prefix: "./", Dirs: true}, {Links: true}} {
		other.Trees = []string{form.Write(t, treetest.Source()), form.Write(t, treetest.Objects())}
		check(fmt.Sprintf("tar %+v", form), other)
	}
	for _, n := range []int{1, 8} {
		old := runtime.GOMAXPROCS(n)
		check(fmt.Sprintf("GOMAXPROCS %d", n), o)
		runtime.GOMAXPROCS(old)
		other := o
		other.Workers = n
		check(fmt.Sprintf("%d workers", n), other)
	}
	for _, locale := range []string{"C", "de_DE.UTF-8", "tr_TR.UTF-8"} {
		t.Setenv("LC_ALL", locale)
		t.Setenv("TZ", "Asia/Tokyo")
		t.Setenv("SOURCE_DATE_EPOCH", "1234567890")
		check("environment "+locale, o)
	}
}

// linkFarm returns a directory of links to a directory's files, as a Bazel
// sandbox has it.
func linkFarm(t *testing.T, dir string) string {
	t.Helper()
	farm := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(farm, filepath.Dir(rel)), 0o755); err != nil {
			return err
		}
		return os.Symlink(path, filepath.Join(farm, rel))
	})
	if err != nil {
		t.Fatal(err)
	}
	return farm
}

func TestOptions(t *testing.T) {
	vendor := filepath.Join(t.TempDir(), "abi")
	if err := os.WriteFile(vendor, []byte("#define ABI 1 /* one */\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := options(t, treetest.Source(), treetest.Objects())
	tests := []struct {
		name   string
		change func(*Options)
		want   []string // changes as Diff.Text has them
	}{
		{"add", func(o *Options) { o.Add = []tree.Addition{{Name: "include/vendor/abi.h", File: vendor}} },
			[]string{"+ 14 include/vendor/abi.h"}},
		{"exclude", func(o *Options) { o.Exclude = []string{"include/{asm-generic,dt-bindings}/**"} },
			[]string{"- 52 include/asm-generic/sum.h", "- 13 include/dt-bindings/input/ev.h"}},
		{"include", func(o *Options) { o.Include = []string{"kernel/**/*.c", "include/linux/*"} },
			[]string{"+ 10 include/linux/README", "+ 7 kernel/sched/core.c"}},
		{"replace", func(o *Options) {
			o.Exclude = []string{"include/linux/kernel.h"}
			o.Add = []tree.Addition{{Name: "include/linux/kernel.h", File: vendor}}
		}, []string{"~ 56 -> 14 (-42) include/linux/kernel.h"}},
		{"keep comments", func(o *Options) { o.Comments = Keep; o.Exclude = []string{"include/linux/**"} },
			[]string{"~ 22 -> 45 (+23) arch/x86/include/asm/page.h", "- 56 include/linux/kernel.h"}},
		{"keep lines", func(o *Options) { o.Comments = StripKeep },
			[]string{"~ 22 -> 23 (+1) arch/x86/include/asm/page.h", "~ 56 -> 59 (+3) include/linux/kernel.h"}},
		{"uapi", func(o *Options) { o.Profile = "module+uapi" },
			[]string{"+ 11 usr/include/linux/types.h"}},
	}
	_, want := pack(t, base)
	before, err := Pack(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := base
			tt.change(&o)
			r, _ := pack(t, o)
			var b strings.Builder
			if err := manifest.Compare(before.Manifest, r.Manifest).Text(&b); err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSpace(b.String()), "\n")
			got = got[:len(got)-1] // the sum
			slices.Sort(got)
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got changes %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("epoch", func(t *testing.T) {
		o := base
		o.Epoch = 1_700_000_000
		r, got := pack(t, o)
		if bytes.Equal(got, want) || !slices.Equal(r.Manifest, before.Manifest) {
			t.Error("got the same bytes or another manifest, want other dates only")
		}
	})
}

func TestCapacity(t *testing.T) {
	r, p := pack(t, options(t, treetest.Source(), treetest.Objects()))
	need := int64(len(p))
	for _, capacity := range []int64{need, need + 4, need + 4096} {
		got, err := r.Bytes(capacity)
		if err != nil || !bytes.Equal(got, p) {
			t.Errorf("capacity %d: got %d bytes, %v; want the archive at its natural size", capacity, len(got), err)
		}
	}
	_, err := r.Bytes(need - 4)
	var small *container.CapacityError
	if !errors.As(err, &small) || small.Need != need || small.Have != need-4 {
		t.Errorf("capacity %d: got %v, want a CapacityError that says %d", need-4, err, need)
	}
}

// What two files of one build may differ in: what the compiler can do, where the
// headers were made with another version of it, how a string is written, and
// what a distribution takes out.
func TestConfigDifferences(t *testing.T) {
	parse := func(text string) config {
		c, err := parseConfig("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	auto := parse("CONFIG_64BIT=y\nCONFIG_CC_IS_GCC=y\nCONFIG_GCC_VERSION=120200\nCONFIG_HZ=250\nCONFIG_LOCALVERSION=-lab\nCONFIG_MODULE_SIG_ALL=y\nCONFIG_EXT4_FS=m\n")
	for _, tt := range []struct{ config, want string }{
		{"CONFIG_64BIT=y\nCONFIG_CC_IS_GCC=y\nCONFIG_GCC_VERSION=140200\nCONFIG_CC_HAS_COUNTED_BY=y\nCONFIG_HZ=250\nCONFIG_LOCALVERSION=\"-lab\"\n# CONFIG_KASAN is not set\nCONFIG_EXT4_FS=m\n", ""},
		{"CONFIG_64BIT=y\nCONFIG_SMP=y\nCONFIG_XFS_FS=m\n", "CONFIG_SMP CONFIG_XFS_FS"},
		{"CONFIG_HZ=1000\nCONFIG_EXT4_FS=y\n# CONFIG_64BIT is not set\n", "CONFIG_64BIT CONFIG_EXT4_FS CONFIG_HZ"},
		{"CONFIG_CC_IS_CLANG=y\n# CONFIG_CC_IS_GCC is not set\n", "CONFIG_CC_IS_CLANG CONFIG_CC_IS_GCC"},
	} {
		if got := strings.Join(parse(tt.config).differences(auto), " "); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.config, got, tt.want)
		}
	}
}

// A .config with the line ends of Windows says what it says without.
func TestConfigLineEnds(t *testing.T) {
	const unix = "CONFIG_64BIT=y\n\n# a comment\n# CONFIG_KASAN is not set\nCONFIG_LOCALVERSION=\"-lab\"\n"
	want, err := parseConfig("f", []byte(unix))
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseConfig("f", []byte(strings.ReplaceAll(unix, "\n", "\r\n")))
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
