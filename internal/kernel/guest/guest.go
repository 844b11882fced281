// SPDX-License-Identifier: Apache-2.0

// Package guest boots a kernel in QEMU, has it run shell commands, and says
// what came of them. The guest is a kernel image, an initramfs made here of a
// static busybox and files, or of a whole system, and a serial console; it has no
// disk and no network.
package guest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A Config is a boot and what is to be seen in it.
type Config struct {
	Arch     string            `json:"arch"`     // x86_64, arm64
	Image    string            `json:"image"`    // bzImage, Image
	Files    map[string]string `json:"files"`    // files of the guest, by their absolute path there
	Commands []string          `json:"commands"` // shell lines; the first that fails ends the run
	Append   string            `json:"append"`   // more for the kernel's command line
	Busybox  string            `json:"busybox"`  // a static busybox for the guest; "" for the one on the PATH
	Initrd   string            `json:"initrd"`   // a cpio to put behind ours, or ""
	// System is a cpio of a whole system, or "". Its systemd is the guest's first
	// program, and Commands are run when it has started all else.
	System string `json:"system"`
	// MemoryMiB is the guest's memory, Timeout the whole run's limit in seconds.
	MemoryMiB int `json:"memory_mib"`
	Timeout   int `json:"timeout"`
}

// A Result is what a guest that ran to its end has said.
type Result struct {
	Release string   // uname -r
	Lines   []string // the console, line by line, without the commands themselves
	// ArchiveSize and ArchiveSHA256 are of /sys/kernel/kheaders.tar.xz; -1 and
	// "" when there is none.
	ArchiveSize   int64
	ArchiveSHA256 string
}

// Archive is where a kernel shows its archive (kernel/kheaders.c).
const Archive = "/sys/kernel/kheaders.tar.xz"

// Our own lines on the console.
const (
	prefix     = "guest: "
	lineDone   = prefix + "done"
	lineFailed = prefix + "failed "
	lineRun    = prefix + "run " // and a line of a command, before it is run
)

// Run boots the guest and waits for its end. The console goes to w as it comes.
// A guest that panics, hangs or has a failing command is an error; ctx ends it.
func Run(ctx context.Context, c Config, w io.Writer) (*Result, error) {
	initrd, err := os.CreateTemp("", "initramfs-*.cpio.gz")
	if err != nil {
		return nil, err
	}
	defer os.Remove(initrd.Name())
	err = c.writeInitramfs(initrd)
	if err := errors.Join(err, initrd.Close()); err != nil {
		return nil, err
	}
	args, err := c.qemu(initrd.Name())
	if err != nil {
		return nil, err
	}
	limit := time.Duration(c.Timeout) * time.Second
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	console, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	dieWithParent(cmd)
	// The signal is sent when the thread that started the program ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	result, read := parse(console, w)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("boot %s: %w", c.Image, context.Cause(ctx))
	case limited.Err() != nil:
		return nil, fmt.Errorf("boot %s: the guest did not end within %v; its console is above", c.Image, limit)
	case err != nil:
		return nil, fmt.Errorf("boot %s: %w: %s", c.Image, err, strings.TrimSpace(stderr.String()))
	case read != nil:
		return nil, fmt.Errorf("boot %s: %w", c.Image, read)
	}
	return result, nil
}

// qemu is the command that boots the guest. Software emulation is asked for by
// name: where /dev/kvm can be opened, a guest may still not run under it.
func (c Config) qemu(initrd string) ([]string, error) {
	var program, console string
	var machine []string
	switch c.Arch {
	case "x86_64":
		program, console = "qemu-system-x86_64", "ttyS0"
		machine = []string{"-M", "pc", "-cpu", "qemu64"}
	case "arm64":
		program, console = "qemu-system-aarch64", "ttyAMA0"
		machine = []string{"-M", "virt", "-cpu", "cortex-a53"}
	default:
		return nil, fmt.Errorf("boot %s: no machine is known for arch %q, expected x86_64 or arm64", c.Image, c.Arch)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("boot %s: %s is not on the PATH; install qemu-system", c.Image, program)
	}
	args := append([]string{path, "-accel", "tcg"}, machine...)
	more := c.Append
	if c.System != "" {
		// Nobody logs in, and no udev would find the terminal.
		more = "rdinit=/sbin/init systemd.getty_auto=no " + more
	}
	return append(args, "-m", fmt.Sprint(c.MemoryMiB), "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none",
		"-serial", "stdio", "-no-reboot", "-kernel", c.Image, "-initrd", initrd,
		"-append", strings.TrimSpace("console="+console+" panic=-1 reboot=t quiet "+more)), nil
}

// parse reads the console to its end.
func parse(console io.Reader, w io.Writer) (*Result, error) {
	r := &Result{ArchiveSize: -1}
	var failed string
	var bad error
	var done bool
	lines := bufio.NewScanner(console)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		fmt.Fprintln(w, line)
		if strings.HasPrefix(line, lineRun) {
			continue
		}
		r.Lines = append(r.Lines, line)
		switch {
		case line == lineDone:
			done = true
		case strings.HasPrefix(line, lineFailed):
			failed = strings.TrimPrefix(line, lineFailed)
		case strings.HasPrefix(line, prefix+"release "):
			r.Release = strings.TrimPrefix(line, prefix+"release ")
		case strings.HasPrefix(line, prefix+"archive "):
			if _, err := fmt.Sscanf(strings.TrimPrefix(line, prefix+"archive "), "%d %s", &r.ArchiveSize, &r.ArchiveSHA256); err != nil {
				bad = fmt.Errorf("read the guest's archive line %q: %w", line, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		bad = fmt.Errorf("read the console: %w", err)
		// QEMU would wait for what it writes to be read.
		_, _ = io.Copy(io.Discard, console)
	}
	switch {
	case bad != nil:
		return nil, bad
	case failed != "":
		return nil, fmt.Errorf("a command failed in the guest with status %s", failed)
	case !done:
		return nil, errors.New("the guest ended early: it did not come to the last command; its console is above")
	}
	return r, nil
}

// busybox finds a static busybox, for the guest has no libraries.
func (c Config) busybox() ([]byte, error) {
	path := c.Busybox
	if path == "" {
		var err error
		if path, err = exec.LookPath("busybox"); err != nil {
			return nil, errors.New("make the initramfs: busybox is not on the PATH; install busybox-static")
		}
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	return readStatic(path)
}
