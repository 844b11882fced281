// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// withTools adds host tools to the trees: programs, and what they are made of.
func withTools(o Options, t *testing.T, without ...string) Options {
	src := treetest.Files{
		"scripts/basic/fixdep.c":            "/* fixdep */ int x;\n",
		"scripts/basic/Makefile":            "# needs Kbuild\n",
		"scripts/mod/modpost.c":             "int main;\n",
		"scripts/mod/modpost.h":             "\n",
		"scripts/mod/file2alias.c":          "\n",
		"scripts/mod/sumversion.c":          "\n",
		"scripts/mod/empty.c":               "\n",
		"scripts/genksyms/genksyms.c":       "\n",
		"scripts/genksyms/genksyms.h":       "\n",
		"scripts/genksyms/keywords.c":       "\n",
		"scripts/genksyms/lex.lex.c":        "#line 1 \"/home/me/lex.l\"\nint y;\n#line 2\n",
		"scripts/genksyms/parse.tab.c":      "\n",
		"scripts/genksyms/parse.tab.h":      "\n",
		"scripts/mod/devicetable-offsets.h": "\n",
		"scripts/mod/elfconfig.h":           "#define KERNEL_ELFCLASS ELFCLASS64\n#define HOST_ELFCLASS ELFCLASS64\n#define HOST_ELFDATA ELFDATA2LSB\n",
		"scripts/basic/fixdep":              "\x7fELF",
		"scripts/genksyms/genksyms":         "\x7fELF",
		"tools/objtool/objtool":             "\x7fELF",
	}
	for _, name := range without {
		delete(src, name)
	}
	o.Trees = append(o.Trees, src.Write(t, t.TempDir()))
	return o
}

func TestHostTools(t *testing.T) {
	programs := []string{"scripts/basic/fixdep", "scripts/genksyms/genksyms", "scripts/mod/modpost"}
	sources := []string{
		"scripts/Makefile.hosttools", "scripts/basic/fixdep.c", "scripts/genksyms/genksyms.c", "scripts/genksyms/genksyms.h",
		"scripts/genksyms/keywords.c", "scripts/genksyms/lex.lex.c", "scripts/genksyms/parse.tab.c", "scripts/genksyms/parse.tab.h",
		"scripts/mod/devicetable-offsets.h", "scripts/mod/elfconfig.h", "scripts/mod/file2alias.c", "scripts/mod/modpost.c",
		"scripts/mod/modpost.h", "scripts/mod/sumversion.c",
	}
	modpost := func(name string) bool { return strings.HasPrefix(name, "scripts/mod/") }
	for _, tt := range []struct {
		name    string
		form    HostTools
		without []string
		want    []string
		err     string
	}{
		{"default", DefaultTools, nil, sources, ""},
		{"the zero value", "", nil, sources, ""},
		{"default, a source missing", DefaultTools, []string{"scripts/mod/sumversion.c"},
			append(slices.DeleteFunc(slices.Clone(sources), modpost), "scripts/mod/modpost"), ""},
		{"source", SourceTools, nil, sources, ""},
		{"source, one missing", SourceTools, []string{"scripts/mod/sumversion.c"}, nil, "has no scripts/mod/sumversion.c; add the kernel's source as a tree"},
		{"source, all of one missing", SourceTools, []string{"scripts/basic/fixdep.c"}, nil, "has no scripts/basic/fixdep.c"},
		{"binary", BinaryTools, nil, programs, ""},
		{"both", BothTools, nil, append(slices.Clone(programs), sources...), ""},
		{"none", NoTools, nil, nil, ""},
	} {
		o := withTools(options(t, treetest.Source(), treetest.Objects()), t, tt.without...)
		o.HostTools = tt.form
		sources, _, _, _, err := collect(o)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, f := range sources {
			if strings.Contains(f.name, "/basic/") || strings.Contains(f.name, "/mod/") || strings.Contains(f.name, "/genksyms/") || f.name == toolsMakefile {
				got = append(got, f.name)
			}
		}
		want := slices.Clone(tt.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, want)
		}
	}
}

// The sources say nothing of the machine that generated them.
func TestHostToolsArePortable(t *testing.T) {
	o := withTools(options(t, treetest.Source(), treetest.Objects()), t)
	sources, _, _, _, err := collect(o)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	var n normaliser
	for _, f := range sources {
		m, err := n.normalise(f, Strip)
		if err != nil {
			t.Fatal(err)
		}
		got[f.name] = string(m.Content)
	}
	for name, want := range map[string]string{
		"scripts/basic/fixdep.c":     "int x;\n",
		"scripts/genksyms/lex.lex.c": "int y;\n",
		"scripts/mod/elfconfig.h": "#define KERNEL_ELFCLASS ELFCLASS64\n" +
			"#define HOST_ELFCLASS (__SIZEOF_LONG__ == 8 ? ELFCLASS64 : ELFCLASS32)\n" +
			"#define HOST_ELFDATA (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ELFDATA2MSB : ELFDATA2LSB)\n",
		toolsMakefile: profile.HostToolsMakefile,
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}
