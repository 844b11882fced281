// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmodule"
)

// kernelBTF is where a kernel shows its types.
const kernelBTF = "/sys/kernel/btf/vmlinux"

// hostTools makes sure that the programs which a module's build runs, run here:
// the archive's own, else what is compiled of the sources in it. That they do
// not is no error: eBPF tools do not need them, and a compiler may come later.
func (d *Device) hostTools(t *Tree, dir string, c *contents) error {
	missing := kmodule.CheckHostTools(dir)
	if missing == nil {
		return nil
	}
	if d.image() {
		t.HostTools = "host tools are compiled on the device, by 'kheaders install'"
		return nil
	}
	if _, err := exec.LookPath("cc"); err != nil {
		t.HostTools = "host tools are not compiled: no C compiler is installed"
		return nil
	}
	start := time.Now()
	if err := d.compileHostTools(dir); err != nil {
		t.HostTools = fmt.Sprintf("%v; %v", missing, err)
		return nil
	}
	t.ToolSeconds = time.Since(start).Seconds()
	if err := kmodule.CheckHostTools(dir); err != nil {
		t.HostTools = err.Error()
	}
	return nil
}

// toolsMakefile is the member of an archive that compiles the host tools of
// which it has the sources, in place.
const toolsMakefile = "scripts/Makefile.hosttools"

func (d *Device) compileHostTools(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, toolsMakefile)); err != nil {
		return errors.New("the archive has no sources of them")
	}
	if _, err := exec.LookPath("make"); err != nil {
		return errors.New("make is not installed, by which they are compiled")
	}
	d.say("compiling host tools")
	// All of them: programs that are there do not run here.
	var log bytes.Buffer
	cmd := exec.Command("make", "-s", "-B", fmt.Sprintf("-j%d", runtime.NumCPU()), "-f", toolsMakefile)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	if err := cmd.Run(); err != nil {
		d.warn("compiling the host tools fails:\n%s", strings.TrimSpace(log.String()))
		return fmt.Errorf("compiling them fails: make -C %s -f %s: %w", dir, toolsMakefile, err)
	}
	return nil
}

// linkBTF links the kernel's types as vmlinux, of which modules get their own.
// With the link, Kbuild runs pahole and fails without it, so the link is made
// only where that is installed.
func (d *Device) linkBTF(t *Tree, dir string, c *contents) error {
	if c.config()["CONFIG_DEBUG_INFO_BTF_MODULES"] != "y" || c.has("vmlinux") {
		return nil
	}
	if !d.image() {
		if _, err := os.Stat(kernelBTF); err != nil {
			t.BTF = "the running kernel shows no " + kernelBTF
			return nil
		}
	}
	if why := d.noPahole(); why != "" {
		t.BTF = why
		return nil
	}
	if !c.has("tools/bpf/resolve_btfids/resolve_btfids") {
		t.BTF = "the archive has no resolve_btfids"
		return nil
	}
	if err := os.Symlink(kernelBTF, filepath.Join(dir, "vmlinux")); err != nil {
		return fmt.Errorf("link the kernel's BTF: %w", err)
	}
	return nil
}

// noPahole says that the system has no pahole, or "".
func (d *Device) noPahole() string {
	if d.image() {
		for _, dir := range []string{"usr/bin", "usr/local/bin"} {
			if file, err := d.path(dir, "pahole"); err == nil {
				if _, err := os.Stat(file); err == nil {
					return ""
				}
			}
		}
	} else if _, err := exec.LookPath("pahole"); err == nil {
		return ""
	}
	return "pahole is not installed"
}

// canComplete says whether what a tree lacks can be added now.
func (d *Device) canComplete(t *Tree) bool {
	if t.HostTools != "" && !d.image() {
		if _, err := exec.LookPath("cc"); err == nil {
			return true
		}
	}
	return t.BTF == "pahole is not installed" && d.noPahole() == ""
}
