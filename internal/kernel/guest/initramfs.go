// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// The guest's first program. Commands are files, so that nothing in them has to
// be quoted; each is run by a shell of its own.
const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
dmesg -n 7
echo "guest: release $(uname -r)"
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

// writeInitramfs writes the guest's files, gzipped: every kernel here has RD_GZIP.
func (c Config) writeInitramfs(w io.Writer) error {
	busybox, err := c.busybox()
	if err != nil {
		return err
	}
	var all bytes.Buffer
	z := gzip.NewWriter(&all)
	a := cpio.NewWriter(z)
	files := map[string][]byte{"bin/busybox": busybox, "init": []byte(initScript)}
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
	dirs := map[string]bool{"dev": true, "proc": true, "sys": true, "tmp": true}
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
	// The numbers are Linux's own: Documentation/admin-guide/devices.txt.
	if err := errors.Join(a.Char("dev/console", 0o600, 5, 1), a.Char("dev/null", 0o666, 1, 3), a.Char("dev/zero", 0o666, 1, 5)); err != nil {
		return err
	}
	for _, name := range sortedKeys(files) {
		perm := uint32(0o644)
		if name == "init" || strings.HasPrefix(name, "bin/") {
			perm = 0o755
		}
		if err := a.File(name, perm, files[name]); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if c.Initrd != "" {
		more, err := infile.ReadFile(c.Initrd)
		if err != nil {
			return err
		}
		// The kernel looks for a plain cpio at multiples of 4 (init/initramfs.c).
		all.Write(make([]byte, -all.Len()&3))
		all.Write(more)
	}
	_, err = w.Write(all.Bytes())
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
