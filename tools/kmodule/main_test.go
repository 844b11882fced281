// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Host tools do not depend on where they are made: Kbuild writes its absolute
// paths into them, in assertions too, which strip leaves.
func TestHostToolsHaveNoPath(t *testing.T) {
	const version = "VERSION = 6\nPATCHLEVEL = 1\n"
	made := func() []byte {
		t.Chdir(t.TempDir())
		for name, content := range map[string]string{
			"tree/Makefile":                 version,
			"tree/include/config/auto.conf": "CONFIG_X86=y\n",
			"linux/Kbuild":                  "",
			"linux/Makefile": version + "allnoconfig:\n\t@:\nmodules_prepare:\n\t@mkdir -p $O/scripts/basic $O/scripts/mod; " +
				"gcc -g -o $O/scripts/basic/fixdep $(CURDIR)/x.c && cp $O/scripts/basic/fixdep $O/scripts/mod/modpost\n",
			"linux/x.c": "const char *file = __FILE__;\nint main(void) { return 0; }\n",
		} {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.Command("tar", "--create", "--file=linux.tar", "linux").CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, out)
		}
		if err := hostTools([]string{"--tree=tree", "--source=linux.tar", "--out=out"}, nil, os.Stderr); err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile("out/scripts/mod/modpost")
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	program := made()
	if !bytes.Contains(program, []byte("/x.c")) {
		t.Error("modpost has not the path of its source that it was made to have")
	}
	if !bytes.Equal(program, made()) {
		t.Error("modpost that was made in another directory is another")
	}
}
