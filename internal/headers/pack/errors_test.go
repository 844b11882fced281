// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// TestErrors spoils one thing at a time. want holds words of the message, in
// which SRC, OBJ and TMP stand for the directories.
func TestErrors(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, src, obj treetest.Files)
		set   func(t *testing.T, o *Options)
		want  []string
	}{
		{"no autoconf.h", drop("include/generated/autoconf.h"), nil,
			[]string{"pack profile module for kernel 6.1, x86: nothing in SRC, OBJ matches include/generated/autoconf.h"}},
		{"no kernel.release", drop("include/config/kernel.release"), nil,
			[]string{"nothing in SRC, OBJ matches include/config/kernel.release"}},
		{"no release at all", drop("include/config/kernel.release", "include/generated/utsrelease.h"), nil,
			[]string{"find kernel release: no tree has include/config/kernel.release, and none was given"}},
		{"two patterns", drop("scripts/module.lds", "scripts/Makefile.lib"), nil,
			[]string{"scripts/Makefile.lib, {scripts,arch/x86}/module.lds"}},
		{"no headers of the architecture", nil, func(_ *testing.T, o *Options) { o.Arch = "riscv" },
			[]string{"arch/riscv/include/**/*.h", "arch/riscv/Makefile"}},
		{"Makefile of O= only", func(_ *testing.T, src, _ treetest.Files) { delete(src, "Makefile") }, nil,
			[]string{"nothing in SRC, OBJ matches Makefile"}},
		{"release of utsrelease.h", put("include/generated/utsrelease.h", "#define UTS_RELEASE \"6.1.0\"\n"), nil,
			[]string{"kernel releases disagree: OBJ/include/config/kernel.release says 6.1.192-lab, OBJ/include/generated/utsrelease.h says 6.1.0"}},
		{"release given", nil, func(_ *testing.T, o *Options) { o.Release = "6.1.5" },
			[]string{"kernel releases disagree: the release given says 6.1.5, OBJ/include/config/kernel.release says 6.1.192-lab"}},
		{"release in a file", nil, func(t *testing.T, o *Options) { o.Release = treetest.Temp(t, "6.1.6\n") },
			[]string{"kernel releases disagree: TMP/file says 6.1.6"}},
		{"release file is not there", nil, func(_ *testing.T, o *Options) { o.Release = "no/kernel.release" },
			[]string{"read kernel release: stat no/kernel.release: no such file"}},
		{"release is no release", put("include/config/kernel.release", "six\n"), nil,
			[]string{`read kernel release from OBJ/include/config/kernel.release: got "six"`}},
		{"utsrelease.h without it", put("include/generated/utsrelease.h", "\n"), nil,
			[]string{"read OBJ/include/generated/utsrelease.h: it has no line such as #define UTS_RELEASE"}},
		{"series", nil, func(_ *testing.T, o *Options) { o.Series = "4.19" },
			[]string{"find profile for kernel 4.19: there are tables for 5.10 to 7.2"}},
		{"series that needs more", nil, func(_ *testing.T, o *Options) { o.Series = "7.2" },
			[]string{"for kernel 7.2, x86: nothing in SRC, OBJ matches include/generated/rustc_cfg, scripts/module-common.c"}},
		{"no sanitised headers", func(_ *testing.T, _, obj treetest.Files) { delete(obj, "usr/include/linux/types.h") },
			func(_ *testing.T, o *Options) { o.Profile = "module+uapi" },
			[]string{"pack profile module+uapi for kernel 6.1, x86: nothing in SRC, OBJ matches usr/include/**/*.h"}},
		{"symvers that are not packed", put("Module.symvers", "0x1\ta\n"), func(_ *testing.T, o *Options) { o.Profile = "tracing" },
			[]string{"read symbols: OBJ/Module.symvers:1: got 2 fields"}},
		{"profile", nil, func(_ *testing.T, o *Options) { o.Profile = "all" },
			[]string{`find profile "all": expected module or tracing`}},

		{"no symvers", nil, func(_ *testing.T, o *Options) { o.Symvers = "" },
			[]string{"pack profile module: no Module.symvers was given"}},
		{"symvers is not there", drop("Module.symvers"), nil,
			[]string{"read symbols: open OBJ/Module.symvers: no such file"}},
		{"empty symvers", put("Module.symvers", ""), nil,
			[]string{"read symbols: OBJ/Module.symvers: it is empty"}},
		{"malformed symvers", put("Module.symvers", "0x1\ta\n"), nil,
			[]string{"read symbols: OBJ/Module.symvers:1: got 2 fields"}},
		{"symvers without CRCs", put("Module.symvers", "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n"), nil,
			[]string{"read symbols: OBJ/Module.symvers: all 1 CRCs are 0x00000000", "CONFIG_MODVERSIONS=y"}},
		{"symvers of modules", put("Module.symvers", "0x1\ta\tlib/a\tEXPORT_SYMBOL\t\n"), nil,
			[]string{"read symbols: OBJ/Module.symvers: it has no symbol of vmlinux"}},
		{"no config", nil, func(_ *testing.T, o *Options) { o.Config = "" },
			[]string{"pack profile module: no .config was given"}},
		{"malformed config", put(".config", "CONFIG_A=y\nmodules=y\n"), nil,
			[]string{`read config OBJ/.config:2: got "modules=y"`}},
		{"config twice", put(".config", "CONFIG_A=y\nCONFIG_A=m\n"), nil,
			[]string{"read config OBJ/.config:2: CONFIG_A is set twice, to y and to m"}},
		{"empty config", put(".config", "\n"), nil,
			[]string{"read config OBJ/.config: it sets no symbol"}},
		{"config of another build", put(".config", "CONFIG_64BIT=y\nCONFIG_MODVERSIONS=m\n"), nil,
			[]string{"configs disagree: OBJ/.config has CONFIG_MODVERSIONS=m, OBJ/include/config/auto.conf has CONFIG_MODVERSIONS=y"}},
		{"config that says n", func(_ *testing.T, _, obj treetest.Files) {
			obj[".config"] = "CONFIG_64BIT=y\n# CONFIG_MODVERSIONS is not set\n"
			obj["Module.symvers"] = "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n"
		}, nil, []string{"configs disagree: OBJ/.config has CONFIG_MODVERSIONS=n, OBJ/include/config/auto.conf has CONFIG_MODVERSIONS=y"}},
		{"auto.conf that says n", put("include/config/auto.conf", "CONFIG_64BIT=y\n"), nil,
			[]string{"configs disagree: OBJ/.config has CONFIG_MODVERSIONS=y, OBJ/include/config/auto.conf has CONFIG_MODVERSIONS=n"}},
		{"symvers without CRCs, and a config that does not say", func(_ *testing.T, _, obj treetest.Files) {
			obj[".config"] = "CONFIG_64BIT=y\n"
			obj["Module.symvers"] = "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n"
		}, nil, []string{"read symbols: OBJ/Module.symvers: all 1 CRCs are 0x00000000", "CONFIG_MODVERSIONS=y"}},
		{"config n and y", put(".config", "# CONFIG_A is not set\nCONFIG_A=y\n"), nil,
			[]string{"read config OBJ/.config:2: CONFIG_A is set twice, to n and to y"}},
		{"config asks for more", func(_ *testing.T, _, obj treetest.Files) {
			for _, name := range []string{".config", "include/config/auto.conf"} {
				obj[name] = "CONFIG_64BIT=y\nCONFIG_KASAN=y\n"
			}
		}, nil, []string{"nothing in SRC, OBJ matches scripts/Makefile.kasan"}},

		{"no tree", nil, func(_ *testing.T, o *Options) { o.Trees = nil }, []string{"no tree was given"}},
		{"tree is not there", nil, func(_ *testing.T, o *Options) { o.Trees[0] = "no/such/tree" },
			[]string{"open tree: stat no/such/tree: no such file"}},
		{"tree twice", nil, func(_ *testing.T, o *Options) { o.Trees = append(o.Trees, o.Trees[0]) },
			[]string{"add member Makefile: it is given twice, as SRC/Makefile and as SRC/Makefile"}},
		{"member in two trees", put("include/linux/kernel.h", "\n"), nil,
			[]string{"add member include/linux/kernel.h: it is given twice, as SRC/include/linux/kernel.h and as OBJ/include/linux/kernel.h"}},
		{"member in a tree and added", nil, func(_ *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "include/linux/kernel.h", File: o.Config}}
		}, []string{"add member include/linux/kernel.h: it is given twice, as SRC/include/linux/kernel.h and as OBJ/.config"}},
		{"file and directory", put("include/linux/kernel.h/x.h", "\n"), nil,
			[]string{"add member include/linux/kernel.h: it is the file SRC/include/linux/kernel.h, and the directory of OBJ/include/linux/kernel.h/x.h; leave one out"}},
		{"add a file over a directory", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "include/linux", File: o.Config}} },
			[]string{"add member include/linux: it is the file OBJ/.config, and the directory of SRC/include/linux/kernel.h"}},
		{"dangling link", put("include/linux/gone.h", "-> nowhere.h"), nil,
			[]string{`follow link OBJ/include/linux/gone.h: its target "nowhere.h" is not there`}},
		{"circle of directories", put("include/loop", "-> ../include"), nil,
			[]string{"walk OBJ/include/loop: a link makes it the same directory as OBJ/include above it"}},
		{"long name", put("include/"+strings.Repeat("x", 101)+".h", "\n"), nil,
			[]string{"is too long for a ustar archive"}},
		{"name with a newline", put("include/a\nb.h", "\n"), nil,
			[]string{`member name "include/a\nb.h" holds a character that is not plain`}},
		{"name that is no ASCII", put("include/\u00e4.h", "\n"), nil,
			[]string{`member name "include/ä.h" holds a character that is not plain`}},

		{"include matches nothing", nil, func(_ *testing.T, o *Options) { o.Include = []string{"docs/**"} },
			[]string{"include docs/**: it matches nothing in SRC, OBJ"}},
		{"exclude matches nothing", nil, func(_ *testing.T, o *Options) { o.Exclude = []string{"kernel/**"} },
			[]string{"exclude kernel/**: it matches nothing in SRC, OBJ"}},
		{"neither matches", nil, func(_ *testing.T, o *Options) { o.Include, o.Exclude = []string{"docs/**"}, []string{"kernel/**"} },
			[]string{"include docs/**: it matches nothing in SRC, OBJ"}},
		{"bad pattern", nil, func(_ *testing.T, o *Options) { o.Exclude = []string{"../x"} },
			[]string{`read pattern "../x"`}},
		{"add nothing", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "a", File: "no/such/file"}} },
			[]string{"add no/such/file: open no/such/file: no such file"}},
		{"add a directory", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "a", File: o.Trees[0]}} },
			[]string{"add SRC: read SRC: it is a directory, expected a file"}},
		{"add outside", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "../a", File: o.Config}} },
			[]string{`add "OBJ/.config": member name "../a" is not a plain path`}},
		{"add absolute", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "/etc/a", File: o.Config}} },
			[]string{`add "OBJ/.config": member name "/etc/a" is not a plain path`}},
		{"add the marker", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: ".kheaders-stamp", File: o.Config}} },
			[]string{"add OBJ/.config as .kheaders-stamp: that member is the marker"}},
		{"add below the marker", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: ".kheaders-stamp/a", File: o.Config}} },
			[]string{"add OBJ/.config as .kheaders-stamp/a: that member is the marker"}},
		{"include the marker", put(".kheaders-stamp", "of the archive that the tree was\n"), func(_ *testing.T, o *Options) { o.Include = []string{".kheaders*"} },
			[]string{"add OBJ/.kheaders-stamp as .kheaders-stamp: that member is the marker"}},

		{"include vmlinux", nil, func(_ *testing.T, o *Options) { o.Include = []string{"vml*"} },
			[]string{"include OBJ/vmlinux: no archive holds"}},
		{"include System.map", nil, func(_ *testing.T, o *Options) { o.Include = []string{"*.map"} },
			[]string{"include OBJ/System.map: no archive holds"}},
		{"include a key", nil, func(_ *testing.T, o *Options) { o.Include = []string{"certs/*"} },
			[]string{"include OBJ/certs/signing_key.pem: no archive holds"}},
		{"add vmlinux", nil, func(_ *testing.T, o *Options) { o.Add = []tree.Addition{{Name: "vmlinux", File: o.Config}} },
			[]string{"add OBJ/.config as vmlinux: no archive holds"}},
		{"add vmlinux by another name", nil, func(_ *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "kernel.elf", File: filepath.Join(o.Trees[1], "vmlinux")}}
		}, []string{"add OBJ/vmlinux as kernel.elf: no archive holds"}},
		{"add the seed", nil, func(_ *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "scripts/basic/randstruct.seed", File: o.Config}}
		}, []string{"add OBJ/.config as scripts/basic/randstruct.seed: no archive holds"}},
		{"RANDSTRUCT", func(_ *testing.T, _, obj treetest.Files) {
			for _, name := range []string{".config", "include/config/auto.conf"} {
				obj[name] = "CONFIG_64BIT=y\nCONFIG_RANDSTRUCT=y\n"
			}
		}, nil, []string{"pack headers: OBJ/.config has CONFIG_RANDSTRUCT=y: without the RANDSTRUCT seed", "--allow-randstruct-seed"}},
		{"RANDSTRUCT of the trees alone", put("include/config/auto.conf", "CONFIG_GCC_PLUGIN_RANDSTRUCT=y\n"), tracing,
			[]string{"pack headers: OBJ/include/config/auto.conf has CONFIG_GCC_PLUGIN_RANDSTRUCT=y"}},
		{"RANDSTRUCT of autoconf.h alone", func(_ *testing.T, _, obj treetest.Files) {
			delete(obj, "include/config/auto.conf")
			obj["include/generated/autoconf.h"] = "#define CONFIG_RANDSTRUCT 1\n"
		}, tracing, []string{"pack headers: OBJ/include/generated/autoconf.h has CONFIG_RANDSTRUCT=y"}},
		{"the seed in a header", func(_ *testing.T, _, obj treetest.Files) {
			obj["scripts/basic/randstruct.seed"] = seed + "\n"
			obj["include/generated/own.h"] = "#define OWN \"" + seed + "\"\n"
		}, nil, []string{"add OBJ/include/generated/own.h: it holds the RANDSTRUCT seed"}},
		{"the seed in a program, with its digest alone", func(_ *testing.T, _, obj treetest.Files) {
			obj["include/generated/randstruct_hash.h"] = fmt.Sprintf("#define RANDSTRUCT_HASHED_SEED \"%x\"\n", sha256.Sum256([]byte(seed)))
			obj["scripts/mod/modpost"] = "\x7fELF\x00" + seed + "\x00"
		}, nil, []string{"add OBJ/scripts/mod/modpost: it holds the RANDSTRUCT seed"}},
		{"the seed added by another name", put("scripts/gcc-plugins/randomize_layout_seed.h", "const char *randstruct_seed = \""+seed+"\";\n"),
			func(t *testing.T, o *Options) {
				o.Add = []tree.Addition{{Name: "scripts/data", File: treetest.Temp(t, seed)}}
			},
			[]string{"add TMP/file: it holds the RANDSTRUCT seed"}},
		{"the plugin", nil, func(t *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "scripts/x.so", File: treetest.Temp(t, "\x7fELF randomize_performed\x00"+seed+"\x00")}}
		}, []string{"add TMP/file: it holds the RANDSTRUCT seed"}},
		{"add a key in DER", nil, func(t *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "scripts/data", File: treetest.Temp(t, derKey(t))}}
		}, []string{"add TMP/file: it holds a PKCS#8 private key in DER"}},
		{"add a program with a key", nil, func(t *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "scripts/data", File: treetest.Temp(t, "\x7fELF"+derKey(t)+"\x00")}}
		}, []string{"add TMP/file: it holds a PKCS#8 private key in DER"}},
		{"add a key by another name", nil, func(t *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "scripts/data", File: treetest.Temp(t, "-----BEGIN RSA PRIVATE KEY-----\n")}}
		}, []string{"add TMP/file: it holds a private key"}},
		{"add a key as a header", nil, func(t *testing.T, o *Options) {
			o.Add = []tree.Addition{{Name: "include/k.h", File: treetest.Temp(t, "-----BEGIN PRIVATE KEY-----\n")}}
		}, []string{"add TMP/file: it holds a private key"}},
		{"epoch before 1970", nil, func(_ *testing.T, o *Options) { o.Epoch = -1 }, []string{"set dates to -1"}},
		{"epoch too late", nil, func(_ *testing.T, o *Options) { o.Epoch = 1 << 33 }, []string{"set dates to 8589934592"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src, obj := treetest.Source(), treetest.Objects()
			if tt.spoil != nil {
				tt.spoil(t, src, obj)
			}
			o := options(t, src, obj)
			names := strings.NewReplacer("SRC", o.Trees[0], "OBJ", o.Trees[1])
			if tt.set != nil {
				tt.set(t, &o)
			}
			r, err := Pack(o)
			if err == nil || r != nil {
				t.Fatalf("got %v, %v; want an error with %q", r, err, tt.want)
			}
			for _, want := range tt.want {
				for _, part := range strings.Split(names.Replace(want), "TMP") {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("got %q, want %q in it", err, part)
					}
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line", err)
			}
		})
	}
}

// seed is one of RANDSTRUCT.
const seed = "3f2b8c1d9e0a7f6655443322110000ffeeddccbbaa99887766554433221100aa"

// tracing takes from the options what only modules need.
func tracing(_ *testing.T, o *Options) { o.Profile, o.Config, o.Symvers = "tracing", "", "" }

func derKey(t *testing.T) string {
	t.Helper()
	p, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// drop takes files out of the object tree, and out of the source.
func drop(names ...string) func(*testing.T, treetest.Files, treetest.Files) {
	return func(_ *testing.T, src, obj treetest.Files) {
		for _, name := range names {
			delete(obj, name)
			delete(src, name)
		}
	}
}

// put sets a file of the object tree.
func put(name, content string) func(*testing.T, treetest.Files, treetest.Files) {
	return func(_ *testing.T, _, obj treetest.Files) { obj[name] = content }
}
