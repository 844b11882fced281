// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
)

// loaded are the modules that a guest loads: of a package, and in need of no
// other module and of no device.
var loaded = []struct{ pkg, module string }{
	{"acpi-call", "acpi_call"},
	{"ddcci", "ddcci"},
	{"vpoll", "vpoll"},
}

// wantLoaded is how many of them a whole run loads.
const wantLoaded = 3

// load loads modules that the archive has built in Debian's own kernel.
func (c *corpus) load(rows []*row, whole bool) error {
	files, names := map[string]string{}, []string(nil)
	var commands []string
	for _, l := range loaded {
		for _, r := range rows {
			file := r.results[1].modules[l.module+".ko"]
			if r.pkg.name != l.pkg || file == "" {
				continue
			}
			files["/modules/"+l.module+".ko"] = file
			names = append(names, l.module)
			commands = append(commands, "insmod /modules/"+l.module+".ko", "grep '^"+l.module+" ' /proc/modules")
		}
	}
	if whole && len(names) < wantLoaded {
		return fmt.Errorf("load modules in a guest: %d were built (%s), expected at least %d", len(names), strings.Join(names, ", "), wantLoaded)
	}
	if len(names) == 0 {
		return nil
	}
	if _, err := guest.Run(c.ctx, guest.Config{
		Arch: "x86_64", Image: c.image, Files: files, Commands: commands, MemoryMiB: 1024, Timeout: 300,
	}, c.w); err != nil {
		return fmt.Errorf("load %s in a guest: %w", strings.Join(names, ", "), err)
	}
	fmt.Fprintf(c.w, "dkms: Linux %s has loaded %s, built from its archive\n", c.release, strings.Join(names, ", "))
	return nil
}
