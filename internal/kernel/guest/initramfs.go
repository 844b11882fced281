// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// runCommands is the end of both first programs. Commands are files, so that
// nothing in them has to be quoted; each is run by a shell of its own.
const runCommands = `echo "guest: release $(uname -r)"
if [ -e ` + Archive + ` ]; then
	echo "guest: archive $(stat -c %s ` + Archive + `) $(sha256sum ` + Archive + ` | cut -d ' ' -f 1)"
fi
for c in /commands/*; do
	[ -e "$c" ] || continue
	sed 's/^/guest: run /' "$c"
	sh -e "$c" 2>&1
	rc=$?
	if [ $rc != 0 ]; then
		echo "guest: failed $rc: $(head -n 1 "$c")"
		reboot -f
	fi
done
echo "guest: done"
reboot -f
`

// initScript is the first program of a guest that has busybox alone.
const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
dmesg -n 7
` + runCommands

// systemScript is a service of a system of its own. It waits for the others.
const systemScript = `#!/bin/sh
exec </dev/null >/dev/console 2>&1
export HOME=/root
systemctl is-system-running --wait
` + runCommands

// systemUnit starts systemScript (systemd.service(5)).
const systemUnit = `[Service]
ExecStart=/bin/sh /guest-commands
`

// writeInitramfs writes the guest's files: with busybox, or on top of System.
func (c Config) writeInitramfs(w io.Writer) error {
	files := map[string][]byte{}
	for i, command := range c.Commands {
		files[fmt.Sprintf("commands/%03d", i)] = []byte(command + "\n")
	}
	for name, file := range c.Files {
		if !path.IsAbs(name) || path.Clean(name) != name {
			return fmt.Errorf("guest file %q: expected a clean absolute path", name)
		}
		content, err := infile.ReadFile(file)
		if err != nil {
			return err
		}
		files[name[1:]] = content
	}
	if c.System != "" {
		return c.writeSystem(w, files)
	}
	return c.writeBusybox(w, files)
}

// writeBusybox writes files and busybox, gzipped, since every kernel here has
// RD_GZIP, and Initrd behind them.
func (c Config) writeBusybox(w io.Writer, files map[string][]byte) error {
	busybox, err := c.busybox()
	if err != nil {
		return err
	}
	files["bin/busybox"], files["init"] = busybox, []byte(initScript)
	counted := &counter{w: w}
	z := gzip.NewWriter(counted)
	a := cpio.NewWriter(z)
	if err := writeFiles(a, files, "dev", "proc", "sys", "tmp"); err != nil {
		return err
	}
	// The numbers are Linux's own: Documentation/admin-guide/devices.txt.
	if err := errors.Join(a.Char("dev/console", 0o600, 5, 1), a.Char("dev/null", 0o666, 1, 3), a.Char("dev/zero", 0o666, 1, 5)); err != nil {
		return err
	}
	if err := errors.Join(a.Close(), z.Close()); err != nil || c.Initrd == "" {
		return err
	}
	// The kernel looks for a plain cpio at multiples of 4 (init/initramfs.c).
	if _, err := counted.Write(make([]byte, -counted.n&3)); err != nil {
		return err
	}
	return copyFile(w, c.Initrd)
}

// writeSystem writes System, and files that take the place of its own.
func (c Config) writeSystem(w io.Writer, files map[string][]byte) error {
	counted := &counter{w: w}
	if err := copyFile(counted, c.System); err != nil {
		return err
	}
	if _, err := counted.Write(make([]byte, -counted.n&3)); err != nil {
		return err
	}
	const units = "etc/systemd/system/"
	files["guest-commands"], files[units+"guest.service"] = []byte(systemScript), []byte(systemUnit)
	a := cpio.NewWriter(w)
	if err := writeFiles(a, files, units+"multi-user.target.wants"); err != nil {
		return err
	}
	return errors.Join(a.Symlink(units+"multi-user.target.wants/guest.service", "../guest.service"), a.Close())
}

// writeFiles writes files, and the directories that they and the names of more
// are in.
func writeFiles(a *cpio.Writer, files map[string][]byte, more ...string) error {
	dirs := map[string]bool{}
	for _, name := range more {
		for d := name; d != "."; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	for name := range files {
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			dirs[d] = true
		}
	}
	// A directory sorts before what it holds.
	for _, d := range sortedKeys(dirs) {
		if err := a.Dir(d, 0o755); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(files) {
		perm := uint32(0o644)
		if name == "init" || path.Base(path.Dir(name)) == "bin" {
			perm = 0o755
		}
		if err := a.File(name, perm, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// A counter counts the bytes that it hands on.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func copyFile(w io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readStatic reads a program that needs no interpreter.
func readStatic(file string) ([]byte, error) {
	program, err := elf.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, fmt.Errorf("make the initramfs: %s is dynamically linked, expected a static one; install busybox-static", file)
		}
	}
	return infile.ReadFile(file)
}
