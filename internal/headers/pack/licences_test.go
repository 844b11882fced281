// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

// licensedTree is a source with the texts of five licences and an exception.
func licensedTree() treetest.Files {
	f := treetest.Source()
	maps.Copy(f, treetest.Files{
		"COPYING":                                "The kernel is under:\n\n\tSPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note\n",
		"LICENSES/preferred/GPL-2.0":             "Valid-License-Identifier: GPL-2.0\nValid-License-Identifier: GPL-2.0+\n\n    SPDX-License-Identifier: X11\n",
		"LICENSES/preferred/MIT":                 "Valid-License-Identifier: MIT\n",
		"LICENSES/preferred/LGPL-2.0":            "Valid-License-Identifier: LGPL-2.0\n",
		"LICENSES/deprecated/X11":                "Valid-License-Identifier: X11\n",
		"LICENSES/dual/Apache-2.0":               "Valid-License-Identifier: Apache-2.0\n",
		"LICENSES/exceptions/Linux-syscall-note": "SPDX-Exception-Identifier: Linux-syscall-note\n",
		"LICENSES/README":                        "not a licence\n",
		"include/linux/dual.h":                   "/* SPDX-License-Identifier: GPL-2.0+ OR MIT */\n",
		"kernel/sched/core.c":                    "// SPDX-License-Identifier: LGPL-2.0\n",
	})
	return f
}

// An archive has the texts of the licences that its members name, and no others.
func TestLicences(t *testing.T) {
	src, obj := licensedTree(), treetest.Objects()
	o := options(t, src, obj)
	r, _ := pack(t, o)
	var got []string
	for i, e := range r.Manifest {
		if e.Name == "COPYING" || strings.HasPrefix(e.Name, "LICENSES/") {
			got = append(got, e.Name)
			if !strings.HasSuffix(r.Files[i], e.Name) {
				t.Errorf("%s is of %s", e.Name, r.Files[i])
			}
		}
	}
	want := []string{"COPYING", "LICENSES/exceptions/Linux-syscall-note", "LICENSES/preferred/GPL-2.0", "LICENSES/preferred/MIT"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(r.Files) != len(r.Manifest) || r.Report.Members != len(r.Manifest) {
		t.Errorf("got %d files and %d members in the report, want %d", len(r.Files), r.Report.Members, len(r.Manifest))
	}
	g, err := Gather{Arch: "x86", Trees: o.Trees}.Run()
	if err != nil {
		t.Fatal(err)
	}
	if gathered := g.contents(t); gathered["COPYING"] == "" || gathered["LICENSES/preferred/MIT"] == "" {
		t.Error("gather leaves the licences behind")
	}
	o.Profile = "tracing" // upstream's content
	r, _ = pack(t, o)
	for _, e := range r.Manifest {
		if strings.HasPrefix(e.Name, "LICENSES/") {
			t.Errorf("tracing has %s", e.Name)
		}
	}
}

// The document has each member, by its digest in the manifest.
func TestSPDX(t *testing.T) {
	r, _ := pack(t, options(t, licensedTree(), treetest.Objects()))
	p, err := r.SPDX()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Files []struct {
			FileName         string
			LicenseConcluded string
			Checksums        []struct{ Algorithm, ChecksumValue string }
		}
		Packages []struct{ LicenseDeclared string }
	}
	if err := json.Unmarshal(p, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Files) != len(r.Manifest) {
		t.Fatalf("got %d files, want %d", len(d.Files), len(r.Manifest))
	}
	for i, e := range r.Manifest {
		f := d.Files[i]
		if f.FileName != "./"+e.Name || f.Checksums[1].Algorithm != "SHA256" || f.Checksums[1].ChecksumValue != fmt.Sprintf("%x", e.SHA256) {
			t.Errorf("got %+v, want that of %s", f, e.Name)
		}
		if e.Name == "include/linux/dual.h" && f.LicenseConcluded != "GPL-2.0+ OR MIT" {
			t.Errorf("%s is under %s", e.Name, f.LicenseConcluded)
		}
	}
	if got := d.Packages[0].LicenseDeclared; got != "GPL-2.0 WITH Linux-syscall-note" {
		t.Errorf("the kernel's licence is %s", got)
	}
}

// The report of a kernel with Rust says that the archive has nothing for it.
func TestLacksRust(t *testing.T) {
	for _, rust := range []bool{false, true} {
		src, obj := treetest.Source(), treetest.Objects()
		if rust {
			for _, name := range []string{".config", "include/config/auto.conf"} {
				obj[name] += "CONFIG_RUST=y\n"
			}
		}
		r, _ := pack(t, options(t, src, obj))
		if got := strings.HasPrefix(r.Report.Lacks, "CONFIG_RUST: "); got != rust {
			t.Errorf("CONFIG_RUST %v: got %q", rust, r.Report.Lacks)
		}
	}
}
