// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
	"github.com/rules-kheaders/rules_kheaders/tests/internal/bazeltest"
)

// await repeats a command until a file has a line with a mark, 600 seconds at
// most, and prints that line.
const await = `await() { i=0; until grep -m 1 -e "$1" "$2"; do $3; sleep 1; i=$((i+1)); [ $i -lt 600 ] || { cat "$2"; return 1; }; done; }; `

// debian installs the package of kheaders in a system of Debian's and boots that
// with Debian's own kernel. The first thing that is done in it is to use headers.
func (t *test) debian() error {
	root, err := bazeltest.Root(t.debianRoot, "/usr/bin/stap")
	if err != nil {
		return err
	}
	system := filepath.Join(t.dir, "debian")
	if err := t.command("cp", "--archive", root, system); err != nil {
		return err
	}
	if err := t.command("cp", t.deb, filepath.Join(system, "kheaders.deb")); err != nil {
		return err
	}
	// As a person does who makes an image of a system.
	const install = `mount --rbind /dev "$1/dev"; exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg --install /kheaders.deb`
	if err := t.command("unshare", "--map-root-user", "--mount", "--net", "sh", "-ec", install, "sh", system); err != nil {
		return err
	}
	cpio := system + ".cpio"
	if err := writeTree(cpio, system, ""); err != nil {
		return err
	}
	return t.boot(guest.Config{
		Arch: "x86_64", Image: t.debianImage, System: cpio, MemoryMiB: 4096, Timeout: 3600,
		Files: map[string]string{
			"/hello/Kbuild":            t.kbuild,
			"/hello/hello.c":           t.hello,
			"/usr/lib/kheaders.tar.xz": t.archive,
		},
		Commands: []string{
			"! dpkg --list | grep linux-headers; ! ip link 2>/dev/null | grep -v -e lo: -e loopback",
			"systemctl --no-pager status kheaders.service",
			"kheaders",
			"cd /hello && make -C /lib/modules/$(uname -r)/build M=$PWD",
			"insmod /hello/hello.ko; rmmod hello; dmesg | grep -w hello:",
			"mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || true; mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || true",
			await + "export PYTHONUNBUFFERED=1; execsnoop-bpfcc >/tmp/log 2>&1 & await '^true ' /tmp/log /usr/bin/true | sed 's/^/execsnoop: /'",
			await + "bpftrace -e '#include <linux/sched.h>\ntracepoint:sched:sched_process_exec { $t = (struct task_struct *)curtask; printf(\"exec %s\\n\", $t->comm); }' >/tmp/log2 2>&1 & " +
				"await '^exec true' /tmp/log2 /usr/bin/true | sed 's/^/bpftrace: /'",
			// What a kernel's package does where it brings modules: without modules.dep dkms runs no depmod.
			"depmod && dkms autoinstall",
			"for m in acpi_call ddcci vpoll; do modprobe $m; grep ^$m' ' /proc/modules; done",
			"stap -e 'probe timer.ms(100) { println(\"stap: the probe fires\"); exit() }'",
			"kheaders install; kheaders remove; ! ls -d /usr/src/kheaders-*",
		},
	},
		"Active: active (exited)",
		"hello: built from this kernel's own archive",
		"hello: gone",
		"execsnoop: true ",
		"bpftrace: exec true",
		"acpi_call ", "ddcci ", "vpoll ",
		"stap: the probe fires",
		"removed /usr/src/kheaders-",
	)
}

// command runs a program.
func (t *test) command(name string, args ...string) error {
	cmd := exec.CommandContext(t.ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out.Bytes()))
	}
	return nil
}
