// SPDX-License-Identifier: Apache-2.0

// Package kmake runs a kernel's make, whatever is built by it: with its
// environment spelled out in full, quietly, and with a failing program's output
// shown as it was written.
package kmake

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/arch"
)

// A Target says what a kernel is built for and with what.
type Target struct {
	Arch         string // the kernel's name of the architecture, as in ARCH=: x86_64, arm64
	CrossCompile string // CROSS_COMPILE, the prefix of the binutils and gcc; "" for native
	LLVM         string // LLVM=, "" for gcc, "1" or "-19" or a directory for clang
	Jobs         int    // make's -j; 0: as many as there are processors
	// Programs are the compiler and what belongs to it, by make's names: "CC=gcc-12".
	// They win over what CrossCompile and LLVM stand for.
	Programs []string
}

// Flags adds the flags by which a program is given the target.
func (t *Target) Flags(fs *flag.FlagSet) {
	fs.StringVar(&t.Arch, "arch", "", "the kernel's `ARCH`, as x86_64 or arm64")
	fs.StringVar(&t.CrossCompile, "cross-compile", "", "the `PREFIX` of CROSS_COMPILE")
	fs.StringVar(&t.LLVM, "llvm", "", "the `VALUE` of LLVM, to build with clang")
	fs.IntVar(&t.Jobs, "jobs", 0, "make's -j `N`; as many as there are processors when not given")
}

// SrcArch is the directory below arch/ that ARCH stands for (top Makefile, SRCARCH).
func (t Target) SrcArch() string { return arch.Source(t.Arch) }

// Args are the options and variables that every call of make gets.
func (t Target) Args() []string {
	jobs := t.Jobs
	if jobs == 0 {
		jobs = runtime.NumCPU()
	}
	args := []string{fmt.Sprintf("-j%d", jobs), "ARCH=" + t.Arch}
	if t.CrossCompile != "" {
		args = append(args, "CROSS_COMPILE="+t.CrossCompile)
	}
	if t.LLVM != "" {
		args = append(args, "LLVM="+t.LLVM)
	}
	return append(args, t.Programs...)
}

// environment is all of make's environment. What a kernel writes into itself
// about its making (user, host, time, build number) is pinned: Documentation/
// kbuild/reproducible-builds.rst. PWD is what a shell sets: drivers' makefiles
// look for their headers in $(PWD).
func environment(dir, scratch string) []string {
	return []string{
		"HOME=" + scratch,
		"KBUILD_BUILD_HOST=bazel",
		"KBUILD_BUILD_TIMESTAMP=1970-01-01 00:00:00 UTC",
		"KBUILD_BUILD_USER=rules_kheaders",
		"KBUILD_BUILD_VERSION=1",
		"LC_ALL=C",
		"PATH=" + os.Getenv("PATH"),
		"PWD=" + dir,
		"SOURCE_DATE_EPOCH=0",
		"TMPDIR=" + scratch,
		"TZ=UTC",
	}
}

// Run runs a program in dir and returns its output. A failing program's whole
// output goes to log, so that a compiler's message is seen as it wrote it.
func Run(log io.Writer, dir, scratch string, name string, args ...string) ([]byte, error) {
	file, err := exec.LookPath(name)
	var lookup *exec.Error
	if errors.As(err, &lookup) && filepath.Base(name) != name {
		return nil, fmt.Errorf("run %s: %w; give a program that can be run", name, cause(lookup.Err))
	}
	if err != nil {
		return nil, fmt.Errorf("find %s: not on the PATH (%s); install it", name, os.Getenv("PATH"))
	}
	cmd := exec.Command(file, args...)
	cmd.Dir = dir
	if err := Absolute(&dir); err != nil {
		return nil, err
	}
	cmd.Env = environment(dir, scratch)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := start(cmd); err != nil {
		log.Write(out.Bytes())
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			what := strings.Join(append([]string{name}, goals(args)...), " ")
			if out.Len() == 0 {
				return nil, fmt.Errorf("%s: %v, and it printed nothing", what, err)
			}
			return out.Bytes(), fmt.Errorf("%s: %v, its output is above", what, err)
		}
		return out.Bytes(), fmt.Errorf("run %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// cause takes the path, which the caller names, out of an error.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// start runs cmd as a process that obeys permission bits. A build as root
// would write through a read-only source, so its children give up
// CAP_DAC_OVERRIDE; where that is not allowed there is no capability to lose.
//
// A signal that ends this program ends the whole process group, be it one that cannot
// be caught: a make that is killed alone leaves compilers behind.
func start(cmd *exec.Cmd) error {
	group(cmd)
	done := make(chan error)
	go func() {
		// The thread stays until the process has ended: see group.
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			// It is not unlocked: it ends with the goroutine, and its smaller
			// bounding set with it.
			dropDACOverride()
		} else {
			defer runtime.UnlockOSThread()
		}
		done <- run(cmd)
	}()
	return <-done
}

func run(cmd *exec.Cmd) error {
	ended, err := cleanup.Make(func() (undo func(), err error) {
		return func() { killGroup(cmd) }, cmd.Start()
	})
	if err != nil {
		return err
	}
	defer ended()
	defer watch(cmd)()
	return cmd.Wait()
}

// goals are the arguments of make that are neither options nor variables.
func goals(args []string) []string {
	var out []string
	for i, a := range args {
		if strings.HasPrefix(a, "-") || strings.Contains(a, "=") || i > 0 && (args[i-1] == "-C" || args[i-1] == "-f") {
			continue
		}
		out = append(out, a)
	}
	return out
}

// Absolute makes paths absolute, for make changes its directory.
func Absolute(paths ...*string) error {
	for _, p := range paths {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	return nil
}

// AbsoluteAll makes all paths absolute.
func AbsoluteAll(paths []string) error {
	for i := range paths {
		if err := Absolute(&paths[i]); err != nil {
			return err
		}
	}
	return nil
}
