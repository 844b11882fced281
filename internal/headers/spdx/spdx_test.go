// SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		ids      []string
	}{
		{"/* SPDX-License-Identifier: GPL-2.0 */\n", "GPL-2.0", []string{"GPL-2.0"}},
		{"// SPDX-License-Identifier: GPL-2.0-only\n", "GPL-2.0-only", []string{"GPL-2.0-only"}},
		{"# SPDX-License-Identifier: GPL-2.0\n", "GPL-2.0", []string{"GPL-2.0"}},
		{"#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0+\n", "GPL-2.0+", []string{"GPL-2.0+"}},
		{"/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */\n", "GPL-2.0 WITH Linux-syscall-note", []string{"GPL-2.0", "Linux-syscall-note"}},
		{"/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */\n", "GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause",
			[]string{"BSD-3-Clause", "GPL-2.0", "Linux-syscall-note"}},
		{"/* SPDX-License-Identifier: GPL-2.0 or MIT*/\n", "GPL-2.0 OR MIT", []string{"GPL-2.0", "MIT"}},
		{"/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) */\n", "GPL-2.0 WITH Linux-syscall-note", []string{"GPL-2.0", "Linux-syscall-note"}},
		{"/* SPDX-License-Identifier: (MIT OR ISC) AND (Zlib AND X11) OR 0BSD */\n", "(MIT OR ISC) AND Zlib AND X11 OR 0BSD", []string{"0BSD", "ISC", "MIT", "X11", "Zlib"}},
		{"/*\n *  SPDX-License-Identifier:\tMIT\r\n */", "MIT", []string{"MIT"}},
		{"<!-- SPDX-License-Identifier: MIT -->\n", "MIT", []string{"MIT"}},
		{".. SPDX-License-Identifier: GPL-2.0\n", "GPL-2.0", []string{"GPL-2.0"}},
		{"/* SPDX-License-Identifier: MIT */\n/* SPDX-License-Identifier: ISC */\n", "MIT AND ISC", []string{"ISC", "MIT"}},
		{"/* SPDX-License-Identifier: MIT OR ISC */\n/* SPDX-License-Identifier: Zlib */\n", "(MIT OR ISC) AND Zlib", []string{"ISC", "MIT", "Zlib"}},
		{"/* SPDX-License-Identifier: MIT */\n/* SPDX-License-Identifier: MIT */\n", "MIT", []string{"MIT"}},
		{"char *s = \"SPDX-License-Identifier: MIT\";\n", "", nil},
		{"if ($l =~ /SPDX-License-Identifier: /) {\n", "", nil},
		{"\x7fELF\x00 SPDX-License-Identifier: MIT\n", "", nil},
		{"int x;\n", "", nil},
		{"", "", nil},
	} {
		got, err := Read([]byte(tt.in))
		if err != nil || got.Text != tt.want || !slices.Equal(got.IDs, tt.ids) {
			t.Errorf("Read(%q): got %+v, %v; want %q, %q", tt.in, got, err, tt.want, tt.ids)
		}
	}
	for _, in := range []string{"GPL 2.0", "GPL-2.0 OR", "(MIT", "MIT)", "WITH MIT", "MIT WITH", "", "MIT MIT", "Dual MIT/GPL", strings.Repeat("(", 99) + "MIT" + strings.Repeat(")", 99)} {
		if got, err := Read([]byte("// SPDX-License-Identifier: " + in + "\n")); err == nil || !strings.Contains(err.Error(), "expected an SPDX expression") {
			t.Errorf("Read of %q: got %+v, %v; want an error", in, got, err)
		}
	}
}

func TestNamed(t *testing.T) {
	text := "Valid-License-Identifier: GPL-2.0\nValid-License-Identifier: GPL-2.0-only\nSPDX-URL: https://spdx.org/licenses/GPL-2.0.html\n" +
		"Usage-Guide:\n    SPDX-License-Identifier: GPL-2.0\nLicense-Text:\n"
	if got, want := Named([]byte(text)), []string{"GPL-2.0", "GPL-2.0-only"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Named([]byte("SPDX-Exception-Identifier: Linux-syscall-note\nSPDX-Licenses: GPL-2.0, GPL-2.0+\n")); !slices.Equal(got, []string{"Linux-syscall-note"}) {
		t.Errorf("got %q, want the exception", got)
	}
}

func TestDocument(t *testing.T) {
	a := Archive{Release: "6.1.0-lab+", SHA256: strings.Repeat("ab", 32), Files: []File{
		{Name: "COPYING", Content: []byte("The kernel is under\n\tSPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note\n")},
		{Name: "LICENSES/preferred/GPL-2.0", Content: []byte("Valid-License-Identifier: GPL-2.0\n    SPDX-License-Identifier: Example\n")},
		{Name: "include/a.h", Content: []byte("/* SPDX-License-Identifier: GPL-2.0 OR Own-1.0+ */\n")},
		{Name: "include/b.h", Content: []byte("int b;\n")},
		{Name: "include/c.h", Content: []byte("/* SPDX-License-Identifier: two words */\n")},
		{Name: "scripts/mod/modpost", Content: []byte("\x7fELF\x00"), Program: true},
	}}
	p, err := a.Document()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.Document(); err != nil || !bytes.Equal(p, again) {
		t.Errorf("got two documents of one archive (%v)", err)
	}
	var d document
	if err := json.Unmarshal(p, &d); err != nil {
		t.Fatal(err)
	}
	type row struct{ name, kind, concluded, in string }
	var got []row
	for _, f := range d.Files {
		got = append(got, row{f.Name, f.Types[0], f.Concluded, strings.Join(f.InFile, ",")})
	}
	want := []row{
		{"./COPYING", "DOCUMENTATION", "GPL-2.0 WITH Linux-syscall-note", "GPL-2.0"},
		{"./LICENSES/preferred/GPL-2.0", "DOCUMENTATION", "NOASSERTION", "NOASSERTION"},
		{"./include/a.h", "SOURCE", "GPL-2.0 OR LicenseRef-Own-1.0-or-later", "GPL-2.0,LicenseRef-Own-1.0-or-later"},
		{"./include/b.h", "SOURCE", "NOASSERTION", "NOASSERTION"},
		{"./include/c.h", "SOURCE", "NOASSERTION", "NOASSERTION"},
		{"./scripts/mod/modpost", "BINARY", "NOASSERTION", "NOASSERTION"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("files: got %q, want %q", got, want)
	}
	if !strings.Contains(d.Files[4].Comments, `read licence "two words"`) {
		t.Errorf("comments on include/c.h: got %q", d.Files[4].Comments)
	}
	pkg := d.Packages[0]
	if pkg.Declared != "GPL-2.0 WITH Linux-syscall-note" || pkg.Version != a.Release || pkg.Checksums[0].Value != a.SHA256 {
		t.Errorf("package: got %+v", pkg)
	}
	if want := []string{"GPL-2.0", "LicenseRef-Own-1.0-or-later", "NOASSERTION"}; !slices.Equal(pkg.FromFiles, want) {
		t.Errorf("licences of the files: got %q, want %q", pkg.FromFiles, want)
	}
	if len(d.Extracted) != 1 || d.Extracted[0].ID != "LicenseRef-Own-1.0-or-later" {
		t.Errorf("licences that are not SPDX's: got %+v, want one", d.Extracted)
	}
	if d.Creation.Created != "1970-01-01T00:00:00Z" || !strings.HasPrefix(d.Namespace, "https://spdx.org/spdxdocs/linux-headers-6.1.0-lab--abab") {
		t.Errorf("got %s, %s", d.Creation.Created, d.Namespace)
	}
	if len(d.Relationships) != 1+len(a.Files) {
		t.Errorf("got %d relationships, want one a file and the document's", len(d.Relationships))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */\n"))
	f.Add([]byte("# SPDX-License-Identifier: A AND (B or C)\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		e, err := Read(p)
		if err != nil || e.Text == "" {
			return
		}
		again, err := Parse(e.Text)
		if err != nil || again.Text != e.Text || !slices.Equal(again.IDs, e.IDs) {
			t.Errorf("%q is read as %+v, and that as %+v, %v", p, e, again, err)
		}
		if same := e.replace(func(id string) string { return id }); same.Text != e.Text {
			t.Errorf("%q with the same identifiers: got %q", e.Text, same.Text)
		}
	})
}
