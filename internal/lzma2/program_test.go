// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is set where the packer runs must not reach an output.
func TestProgramIgnoresEnvironment(t *testing.T) {
	p := header(100_000)
	e := Program(xzProgram(t), "6")
	want, err := e.Encode(Part{p})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"XZ_OPT":      "-0 --lzma2=preset=0,lc=0",
		"XZ_DEFAULTS": "--memlimit=1MiB --threads=4",
	} {
		t.Setenv(name, value)
	}
	got, err := e.Encode(Part{p})
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the same %d", len(got), err, len(want))
	}
}

func TestProgramErrors(t *testing.T) {
	find := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("test needs %s: install it, on Debian: apt-get install coreutils", name)
		}
		return path
	}
	for _, tc := range []struct{ name, path, preset, want string }{
		{"no such program", filepath.Join(t.TempDir(), "xz"), "6", "no such file or directory"},
		{"says nothing and fails", find("false"), "6", "exit status 1"},
		{"says nothing", find("true"), "6", "output is not the raw LZMA2 data of its input: LZMA2 data has no end marker"},
		{"says something else", find("echo"), "6", "output is not the raw LZMA2 data of its input: LZMA2 control byte 0x2d is not known"},
		{"says why", find("ls"), "6", "exit status 2: "},
		{"xz says why", xzProgram(t), "6,lc=4,lp=4", "exit status 1: "},
		{"xz does not know the option's value", xzProgram(t), "6,mf=bt9", "exit status 1: "},
	} {
		out, err := Program(tc.path, tc.preset).Encode(Part{header(1000)})
		if err == nil || !strings.HasPrefix(err.Error(), "run "+tc.path+": ") && !strings.Contains(err.Error(), "run "+tc.path) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %d bytes, %v, want %q", tc.name, len(out), err, tc.want)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		dict     int64
	}{
		{"0", "preset=0,dict=262144", 256 << 10},
		{"6", "preset=6,dict=8388608", 8 << 20},
		{"9e", "preset=9e,dict=67108864", 64 << 20},
		{"6,dict=1MiB", "preset=6,dict=1048576", 1 << 20},
		{"6,nice=273,dict=4KiB,mf=bt4", "preset=6,dict=4096,nice=273,mf=bt4", 4 << 10},
		{"9,dict=134217728", "preset=9,dict=134217728", 128 << 20},
	} {
		if got, err := parsePreset(tc.in); got.String() != tc.want || got.dict != tc.dict || err != nil {
			t.Errorf("parsePreset(%q): got %v, %d, %v, want %q, %d", tc.in, got, got.dict, err, tc.want, tc.dict)
		}
	}
	for _, tc := range []struct{ in, want string }{
		{"", `xz preset is "": expected default, smallest, 0 to 9 or 0e to 9e`},
		{"10", `xz preset is "10": expected`},
		{"-6", `xz preset is "-6": expected`},
		{"6ee", `xz preset is "6ee": expected`},
		{"6,", `xz preset "6,": option "" is not known: expected dict, lc,`},
		{"6,lc", `xz preset "6,lc": option "lc" is not known: expected dict, lc, lp, pb, mode, nice, mf, depth, each with a value`},
		{"6,preset=9", `xz preset "6,preset=9": option "preset=9" is not known`},
		{"6,dict=1GiB", `xz preset "6,dict=1GiB": dict is "1GiB": expected 4KiB to 128MiB`},
		{"6,dict=129MiB", `xz preset "6,dict=129MiB": dict is "129MiB": expected`},
		{"6,dict=1", `xz preset "6,dict=1": dict is "1": expected`},
		{"6,dict=MiB", `xz preset "6,dict=MiB": dict is "MiB": expected`},
	} {
		if got, err := parsePreset(tc.in); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("parsePreset(%q): got %v, %v, want %q", tc.in, got, err, tc.want)
		}
		e := Program("xz", tc.in)
		if _, err := EncodeBlocks(e, []Part{{{0}}}, 1); err == nil || !strings.HasPrefix(err.Error(), "compress block 1 of 1 with xz: "+tc.want) {
			t.Errorf("EncodeBlocks with %q: got %v, want %q", tc.in, err, tc.want)
		}
	}
}
