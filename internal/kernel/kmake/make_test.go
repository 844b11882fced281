// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunErrors(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		command   []string
		want, log string
	}{
		{"no such file", []string{dir + "/nope"}, "run " + dir + "/nope: no such file or directory; give a program that can be run", ""},
		{"not executable", []string{plain}, "run " + plain + ": permission denied; give a program that can be run", ""},
		{"not on the PATH", []string{"no-such-program"}, "find no-such-program: not on the PATH (" + os.Getenv("PATH") + "); install it", ""},
		{"silent", []string{"false"}, "false: exit status 1, and it printed nothing", ""},
		{"output", []string{"sh", "-c", "echo text; exit 2", "-x"}, "sh echo text; exit 2: exit status 2, its output is above", "text\n"},
		{"no goals", []string{"tar", "--extract", "--file=none"}, "tar: exit status 2, its output is above", ""},
	} {
		var log strings.Builder
		_, err := Run(&log, dir, dir, tt.command[0], tt.command[1:]...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if above := strings.HasSuffix(tt.want, "above"); !strings.HasPrefix(log.String(), tt.log) || above != (log.Len() > 0) {
			t.Errorf("%s: log = %q, want %q, and some: %v", tt.name, log.String(), tt.log, above)
		}
	}
}

// $(PWD) is where a program is run, as in a shell.
func TestRunPWD(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("sub", 0o755); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{".": dir, "sub": dir + "/sub", dir: dir} {
		out, err := Run(io.Discard, in, dir, "sh", "-c", "env | grep ^PWD=")
		if got := strings.TrimSpace(string(out)); err != nil || got != "PWD="+want {
			t.Errorf("in %s: got %q, %v, want PWD=%s", in, got, err, want)
		}
	}
}

// Programs come last: make takes the last of two values.
func TestArgs(t *testing.T) {
	target := Target{Arch: "arm64", CrossCompile: "aarch64-linux-gnu-", LLVM: "1", Jobs: 2, Programs: []string{"CC=clang-19", "LD=ld"}}
	want := "-j2 ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- LLVM=1 CC=clang-19 LD=ld"
	if got := strings.Join(target.Args(), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
