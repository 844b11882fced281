// SPDX-License-Identifier: Apache-2.0

//go:build linux

package device

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// Members that say what can be done with an archive.
const (
	autoConf   = "include/config/auto.conf"
	utsRelease = "include/generated/utsrelease.h"
)

// contents is what an archive or a tree holds, as far as it decides what can be
// built with it.
type contents struct {
	names map[string]bool
	text  map[string]string // of a few
}

// scan reads a tar to its end.
func (c *contents) scan(r io.Reader) error {
	c.names, c.text = map[string]bool{}, map[string]string{}
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := path.Clean(h.Name)
		c.names[name] = true
		if name == autoConf || name == utsRelease {
			text, err := io.ReadAll(io.LimitReader(t, 4<<20))
			if err != nil {
				return err
			}
			c.text[name] = string(text)
		}
	}
	_, err := io.Copy(io.Discard, r) // damage shows at the end
	return err
}

// has says whether there is a file that is not empty, or was not when packed.
func (c *contents) has(name string) bool { return c.names[name] }

// config is the kernel's configuration, if the archive has it.
func (c *contents) config() map[string]string {
	options := map[string]string{}
	// What is no line of a configuration is of no use here.
	_ = kconfig.Parse(autoConf, strings.NewReader(c.text[autoConf]), func(_ int, name, value string) error {
		options[name] = value
		return nil
	})
	return options
}

// readTree is scan of a tree: it looks for what is asked for only.
func readTree(dir string) (*contents, error) {
	c := &contents{names: map[string]bool{}, text: map[string]string{}}
	names := []string{"Makefile", "Module.symvers", ".config", "include/generated/autoconf.h", "include/linux/kconfig.h", autoConf, utsRelease, "vmlinux"}
	for _, t := range kmake.HostTools {
		names = append(names, t.Name)
	}
	for _, name := range names {
		_, err := os.Stat(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read tree: %w", err)
		}
		c.names[name] = err == nil
	}
	for _, name := range []string{autoConf, utsRelease} {
		if c.names[name] {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, fmt.Errorf("read tree: %w", err)
			}
			c.text[name] = string(text)
		}
	}
	return c, nil
}

// noModules says why no module can be built, or "".
func (c *contents) noModules() string {
	switch {
	case !c.has("Makefile") && !c.has("Module.symvers"):
		return "it has headers alone, as upstream's archive: no Module.symvers, without which no module loads, and no Makefiles"
	case !c.has("Module.symvers"):
		return "no Module.symvers: a module would be built, and the kernel would not load it"
	case !c.has("Makefile") || !c.has(autoConf):
		return "no Makefile or no include/config/auto.conf: it was packed with profile \"tracing\""
	}
	return ""
}

// noEBPF says why no eBPF program that includes the kernel's headers can be
// compiled, or "".
func (c *contents) noEBPF() string {
	for _, name := range []string{"include/linux/kconfig.h", "include/generated/autoconf.h"} {
		if !c.has(name) {
			return "no " + name
		}
	}
	return ""
}
