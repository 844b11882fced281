// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/cpio"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
)

// loaderLine is what ./loader says of an object.
var loaderLine = regexp.MustCompile(`^loader: (\S+): (?:loaded (\d+) of (\d+) programs, counted (\d+)|((?:refused|failed): .*))$`)

// load loads in a guest what was compiled against the archive.
func (c *corpus) load(rows []*row) error {
	files := map[string]string{"/bin/loader": c.loader}
	byName := map[string]*row{}
	for _, r := range rows {
		if r.object == "" {
			continue
		}
		name := filepath.Base(filepath.Dir(r.object)) + "-" + strings.TrimSuffix(filepath.Base(r.object), ".o")
		files["/objects/"+name+".o"] = r.object
		byName[name] = r
	}
	if len(byName) == 0 {
		return nil
	}
	result, err := guest.Run(c.ctx, guest.Config{
		Arch:  "x86_64",
		Image: c.image,
		Files: files,
		Commands: []string{
			"mount -t tracefs tracefs /sys/kernel/tracing",
			"/bin/loader /objects/*.o",
		},
		MemoryMiB: 2048,
		Timeout:   3600,
	}, c.w)
	if err != nil {
		return err
	}
	seen := 0
	for _, line := range result.Lines {
		m := loaderLine.FindStringSubmatch(line)
		if m == nil || byName[m[1]] == nil {
			continue
		}
		seen++
		r := byName[m[1]]
		if m[5] != "" {
			r.loaded = m[5]
			continue
		}
		r.loaded = "loads"
		if m[2] == "0" {
			r.loaded = "has no program"
		}
		r.counted = atLeast(m[4], times)
	}
	if seen != len(byName) {
		return fmt.Errorf("the guest gave a verdict on %d of %d objects; its console is above", seen, len(byName))
	}
	return nil
}

// times is how often ./loader does what objects may count.
const times = 50

func atLeast(text string, n int) bool {
	var got int
	_, err := fmt.Sscan(text, &got)
	return err == nil && got >= n
}

// A tool is a program of bcc or bpftrace that compiles in the guest.
type tool struct {
	kind, name string
	command    []string
	mark       string // what it prints of the guest's own doing, or ""
}

// runTool runs a tool until it has a program in the kernel, and until it has
// printed its mark where it has one. bcc loads a program before it attaches it,
// so one that it cannot attach has been loaded.
const runTool = `#!/bin/sh
name=$1 mark=$2; shift 2
PYTHONUNBUFFERED=1 HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot /debian "$@" >/out 2>&1 </dev/null &
pid=$!
verdict= i=0
while [ $i -lt 900 ] && [ -e /proc/$pid/exe ]; do
	if grep -q prog_type /proc/$pid/fdinfo/* 2>/dev/null; then verdict=loads; break; fi
	sleep 1; i=$((i + 1))
done
[ $i -lt 900 ] || verdict="no program in 900 s"
grep -q 'attach' /out && verdict=loads
i=0
while [ "$verdict" = loads ] && [ -n "$mark" ] && [ $i -lt 60 ]; do
	if grep -q -e "$mark" /out; then verdict="loads, counted"; break; fi
	/bin/corpus-mark 2>/dev/null; echo >/tmp/corpus-mark; cat /tmp/corpus-mark >/dev/null; stat /tmp/corpus-mark >/dev/null; rm /tmp/corpus-mark
	sleep 1; i=$((i + 1))
done
kill -INT $pid 2>/dev/null; sleep 1; kill -KILL $pid 2>/dev/null; wait $pid 2>/dev/null
if [ -z "$verdict" ]; then
	verdict=$(grep -m 1 -i -e 'error:' -e exception -e failed -e 'not found' /out || tail -n 1 /out)
fi
echo "tool: $name: $verdict"
`

// side is how a tree is shown to bcc: an archive by the kernel, linux-headers as
// the packages have them.
var sides = [2][]string{
	{"insmod /kheaders.ko"},
	{
		"tar xf /headers.tar -C /debian",
		"mkdir -p /debian/lib/modules/$(uname -r)",
		"ln -s /usr/src/linux-headers-$(uname -r) /debian/lib/modules/$(uname -r)/build",
		"ln -s /usr/src/linux-headers-$(uname -r | sed s/-amd64$//)-common /debian/lib/modules/$(uname -r)/source",
	},
}

// tools runs the tools in two guests, side by side.
func (c *corpus) tools() ([]*row, error) {
	tools, err := c.toolList()
	if err != nil {
		return nil, err
	}
	if len(tools) == 0 {
		return nil, nil
	}
	initrd := filepath.Join(c.dir, "guest.cpio")
	if err := c.writeGuest(initrd); err != nil {
		return nil, err
	}
	script := filepath.Join(c.dir, "run-tool")
	if err := os.WriteFile(script, []byte(runTool), 0o755); err != nil {
		return nil, err
	}
	rows := make([]*row, len(tools))
	for i, t := range tools {
		rows[i] = &row{kind: t.kind, name: t.name}
	}
	// A guest has one processor.
	var both sync.WaitGroup
	var errs [len(sides)]error
	out := &lines{w: c.w}
	for side := range sides {
		both.Add(1)
		go func() {
			defer both.Done()
			if err := c.runTools(side, tools, rows, initrd, script, out); err != nil {
				errs[side] = fmt.Errorf("run tools with %s: %w", c.trees[side].name, err)
			}
		}()
	}
	both.Wait()
	return rows, errors.Join(errs[:]...)
}

// lines lets two guests write, line by line.
type lines struct {
	sync.Mutex
	w io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.w.Write(p)
}

func (c *corpus) runTools(side int, tools []tool, rows []*row, initrd, script string, w io.Writer) error {
	files := map[string]string{"/bin/run-tool": script, "/kheaders.ko": c.kheaders}
	if side == 1 {
		files["/headers.tar"] = c.headers
	}
	commands := append([]string{
		"mount -t tracefs tracefs /sys/kernel/tracing",
		"mount -t debugfs debugfs /sys/kernel/debug",
		"ln -s busybox /bin/corpus-mark", // which has no such applet, but is run
		"for d in proc sys dev tmp; do mkdir -p /debian/$d; mount -o rbind /$d /debian/$d; done",
		// For what of Debian's is not among the packages. Those that are there stay.
		"chroot /debian /bin/busybox --install -s /bin 2>/dev/null",
	}, sides[side]...)
	for _, t := range tools {
		words := []string{"/bin/run-tool", quote(t.name), quote(t.mark)}
		for _, word := range t.command {
			words = append(words, quote(word))
		}
		commands = append(commands, strings.Join(words, " "))
	}
	result, err := guest.Run(c.ctx, guest.Config{
		Arch: "x86_64", Image: c.image, Files: files, Initrd: initrd, Commands: commands, MemoryMiB: 3072,
		Timeout: 600 + 300*len(tools),
	}, w)
	if err != nil {
		return err
	}
	verdicts := map[string]string{}
	for _, line := range result.Lines {
		if rest, ok := strings.CutPrefix(line, "tool: "); ok {
			name, verdict, _ := strings.Cut(rest, ": ")
			verdicts[name] = verdict
		}
	}
	for i, t := range tools {
		verdict, ok := verdicts[t.name]
		if !ok {
			return fmt.Errorf("the guest gave no verdict on %s; its console is above", t.name)
		}
		// A program that is loaded has been compiled.
		counted := verdict == "loads, counted"
		if counted || verdict == "loads" {
			verdict = "compiles"
			if side == 0 {
				rows[i].loaded = "loads"
			}
		}
		// Where the headers are.
		verdict = strings.ReplaceAll(verdict, "/tmp/kheaders-"+c.release+"/", "")
		verdict = strings.ReplaceAll(verdict, "/lib/modules/"+c.release+"/build/", "")
		rows[i].verdicts[side] = verdict
		if side == 0 {
			rows[i].counted = counted
		}
	}
	return nil
}

// quote makes a word of a shell's.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// writeGuest makes Debian's packages a cpio, below /debian.
func (c *corpus) writeGuest(file string) (err error) {
	in, err := os.Open(c.guest)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := cpio.NewWriter(out)
	if err := w.Dir("debian", 0o755); err != nil {
		return err
	}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return w.Close()
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", c.guest, err)
		}
		name := path.Join("debian", h.Name)
		switch {
		case name == "debian":
		case h.Typeflag == tar.TypeDir:
			err = w.Dir(name, 0o755)
		case h.Typeflag == tar.TypeSymlink:
			err = w.Symlink(name, h.Linkname)
		case h.Typeflag == tar.TypeLink:
			err = w.Symlink(name, path.Join("/", h.Linkname))
		case h.Typeflag == tar.TypeReg:
			err = w.FileFrom(name, uint32(h.Mode)&0o777, h.Size, r)
		}
		if err != nil {
			return err
		}
	}
}

// arguments are what some of bcc's tools are called with, so that they have
// something to trace.
var arguments = map[string][]string{
	"argdist":        {"-C", "p::vfs_read(void *file, void *buf, size_t count):size_t:count"},
	"dbslower":       {"mysql"},
	"dbstat":         {"mysql"},
	"deadlock":       {"1"},
	"funccount":      {"-i", "1", "vfs_*"},
	"funcinterval":   {"vfs_read"},
	"funclatency":    {"vfs_read"},
	"funcslower":     {"vfs_read"},
	"inject":         {"kmalloc", "kmem_cache_alloc()"},
	"kvmexit":        {"1"},
	"mysqld_qslower": {"1"},
	"netqtop":        {"-n", "lo"},
	"nodegc":         {"1"},
	"stackcount":     {"-i", "1", "vfs_read"},
	"syscount":       {"-i", "1"},
	"trace":          {"p::do_sys_openat2(int dfd, const char *name) \"%s\", name"},
}

// ofLanguage are the tools for a process of a language's, which is the guest's first.
var ofLanguage = regexp.MustCompile(`^(c|java|node|perl|php|python|ruby|tcl)(calls|flow|gc|objnew|stat|threads)$`)

// marks are what tools print of the guest's own doing.
var marks = map[string]string{
	"dcsnoop":    "corpus-mark",
	"execsnoop":  "corpus-mark",
	"exitsnoop":  "corpus-mark",
	"filegone":   "corpus-mark",
	"filelife":   "corpus-mark",
	"filetop":    "corpus-mark",
	"funccount":  "vfs_open",
	"opensnoop":  "corpus-mark",
	"stackcount": "vfs_read",
	"statsnoop":  "corpus-mark",
	"syscount":   "openat",
	"trace":      "corpus-mark",
}

var scripts = []tool{
	{kindTrace, "comm.bt", []string{"bpftrace", "-e", `#include <linux/sched.h>
tracepoint:sched:sched_process_exec { $t = (struct task_struct *)curtask; printf("exec %s\n", $t->comm); }`}, "exec corpus-mark"},
	{kindTrace, "open.bt", []string{"bpftrace", "-e", `#include <linux/fs.h>
#include <linux/path.h>
#include <linux/dcache.h>
kprobe:vfs_open { printf("open %s\n", str(((struct path *)arg0)->dentry->d_name.name)); }`}, "open corpus-mark"},
	{kindTrace, "connect.bt", []string{"bpftrace", "-e", `#include <net/sock.h>
kprobe:tcp_connect { printf("%d\n", ((struct sock *)arg0)->__sk_common.skc_dport); }`}, ""},
}

// toolList is bcc's tools of the guest, by name, and bpftrace scripts that
// include the kernel's headers.
func (c *corpus) toolList() ([]tool, error) {
	f, err := os.Open(c.guest)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var tools []tool
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.guest, err)
		}
		dir, file := path.Split(path.Clean(h.Name))
		name, ok := strings.CutSuffix(file, "-bpfcc")
		if dir != "usr/sbin/" || !ok {
			continue
		}
		args := arguments[name]
		if ofLanguage.MatchString(name) {
			args = []string{"1"}
		}
		tools = append(tools, tool{kindBcc, name, append([]string{"/usr/sbin/" + file}, args...), marks[name]})
	}
	if len(tools) == 0 {
		return nil, fmt.Errorf("%s has no usr/sbin/*-bpfcc", c.guest)
	}
	tools = append(tools, scripts...)
	return tenth(c.part, slices.DeleteFunc(tools, func(t tool) bool { return !c.wants(t.kind) })), nil
}
