// SPDX-License-Identifier: Apache-2.0

// Package rootfs runs a program in a root file system of its own, so that it finds
// the programs, libraries and headers that are in there and none of the machine's.
package rootfs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/programs"
)

// rootPath is where programs are in a root (Debian's ENV_SUPATH, login.defs(5)).
const rootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Programs are those that a program and all that it starts find by their names.
type Programs struct {
	Root string   // a root file system, a tar or a directory; "" for Path
	Path []string // directories: PATH
	// Needs are "NAME=PACKAGE", the programs, and C headers by a name with .h, that
	// must be there, each with Debian's package of it.
	Needs []string
	From  string // who has them, for errors: "root of //x:y"
}

// Run runs a program and returns its exit status. With Root, this program is run
// again, as again says for a directory that the root is made in, and must call
// Enter with that.
func (p Programs) Run(again func(dir string) []string, program []string) (status int, err error) {
	if p.Root == "" {
		for i, dir := range p.Path {
			// Make changes its directory.
			if p.Path[i], err = absolute(dir); err != nil {
				return 0, err
			}
		}
		return 0, p.start(strings.Join(p.Path, ":"), program)
	}
	var dir string
	removed, err := cleanup.Make(func() (undo func(), err error) {
		dir, err = os.MkdirTemp("", "krun-root-*")
		return func() { os.RemoveAll(dir) }, err
	})
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(dir))
		removed()
	}()
	if info, err := os.Stat(p.Root); err != nil || !info.IsDir() {
		if err := unpack(p.Root, dir); err != nil {
			return 0, err
		}
	}
	return runAgain(again(dir))
}

// Enter enters the root that is made in dir, where a tar is unpacked and a directory
// is yet to appear, and becomes the program, or returns an error.
func (p Programs) Enter(dir string, program []string) error {
	// Namespaces and capabilities are a thread's.
	runtime.LockOSThread()
	if err := enter(p.Root, dir); err != nil {
		return err
	}
	return p.start(rootPath, program)
}

// start becomes the program, unless something that it needs is not there.
func (p Programs) start(path string, program []string) error {
	if err := os.Setenv("PATH", path); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	signal.Reset()
	return fmt.Errorf("run %s: %w", program[0], syscall.Exec(program[0], program, os.Environ()))
}

// check is one error for all that is missing.
func (p Programs) check() error {
	needs, err := programs.Parse(p.Needs)
	if err != nil {
		return err
	}
	names, packages := programs.Missing(needs)
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%s lacks %s, which the build needs; add them there (Debian's packages: %s)",
		p.From, strings.Join(names, ", "), strings.Join(packages, " "))
}

// runAgain runs this program with other arguments, where it may enter a root.
func runAgain(args []string) (status int, err error) {
	// The kernel tells the program of the end of this thread (prctl(2), PR_SET_PDEATHSIG).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ended := make(chan bool)
	for _, attributes := range attributes() {
		cmd := exec.Command("/proc/self/exe", args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdin, os.Stdout, os.Stderr, attributes
		var done func()
		if done, err = cleanup.Make(func() (undo func(), err error) {
			return func() { end(cmd.Process, ended) }, cmd.Start()
		}); err != nil {
			continue
		}
		err = cmd.Wait()
		close(ended)
		done()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() {
			return exit.ExitCode(), nil
		}
		return 0, err
	}
	return 0, refused(fmt.Errorf("start in namespaces of its own: %w", err))
}

// end ends a process, which first has the time to remove what it has made.
func end(p *os.Process, ended chan bool) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		p.Kill()
		<-ended
	}
}

func absolute(dir string) (string, error) {
	if strings.HasPrefix(dir, "/") {
		return dir, nil
	}
	here, err := os.Getwd()
	return here + "/" + dir, err
}
