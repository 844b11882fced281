// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"debug/elf"
	"runtime"
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	if names := Names(); !slices.IsSorted(names) || len(slices.Compact(names)) != len(arches) {
		t.Errorf("%q: expected names in order, each once", names)
	}
	for _, tt := range []struct{ value, want string }{
		{"x86_64", "x86"}, {"i386", "x86"}, {"x86", "x86"}, {"sparc64", "sparc"}, {"parisc64", "parisc"}, {"arm64", "arm64"}, {"xtensa", "xtensa"},
	} {
		if got := Source(tt.value); got != tt.want {
			t.Errorf("Source(%q) = %q, want %q", tt.value, got, tt.want)
		}
	}
}

func TestLookups(t *testing.T) {
	for _, a := range arches {
		for name, got := range map[string]func() (Arch, bool){
			"name":   func() (Arch, bool) { return Named(a.Name) },
			"option": func() (Arch, bool) { return Of(map[string]string{a.Option: "y"}) },
		} {
			if got, ok := got(); !ok || got.Name != a.Name {
				t.Errorf("%s by its %s: got %q, %v", a.Name, name, got.Name, ok)
			}
		}
		for machine := range a.ELF {
			if got, ok := ForELF(machine); !ok || got.Name != a.Name {
				t.Errorf("%s by %v: got %q, %v", a.Name, machine, got.Name, ok)
			}
		}
		for goarch, machine := range a.Go {
			if got, ok := ForGo(goarch); !ok || got.Name != a.Name || a.ELF[machine] == "" {
				t.Errorf("%s by %s: got %q, %v", a.Name, goarch, got.Name, ok)
			}
		}
	}
	if a, ok := ForGo(runtime.GOARCH); !ok || a.Machine == "" {
		t.Errorf("this machine: got %+v, %v", a, ok)
	}
	if _, ok := Of(map[string]string{"CONFIG_X86": "n"}); ok {
		t.Error("CONFIG_X86=n is taken for x86")
	}
	if got := MachineName(elf.EM_X86_64) + ", " + MachineName(elf.EM_VAX); got != "x86-64, machine 75" {
		t.Errorf("got %q", got)
	}
}
