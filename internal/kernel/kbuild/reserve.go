// SPDX-License-Identifier: Apache-2.0

package kbuild

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kmake"
)

// marginPercent is what a reservation of computed size has beyond what
// the archive needs: for a header that is added without linking again.
const marginPercent = 2

// A Sizing finds the capacity of a kernel's reservation by packing its archive
// before the kernel is linked.
type Sizing struct {
	Packer string // the packer program; "" when the capacity is given otherwise
}

// reserve makes the placeholder for an archive as kheaders_archive makes it by
// default. All that goes into one is there once modpost has run: since 5.19 that
// is before vmlinux is linked, and modpost does not read what the archive's place
// holds. So a small placeholder takes that place until the size is known.
func (k Kernel) reserve(src, obj string) (placeholder string, err error) {
	const small = 4096
	if placeholder, err = k.placeholder("unsized.tar.xz", small); err != nil {
		return "", err
	}
	if _, err := k.make(src, obj, append(k.embed(placeholder), "KBUILD_MODULES=y"), modpostGoals(src)...); err != nil {
		return "", fmt.Errorf("find the capacity: %w", err)
	}
	k.Headers = filepath.Join(k.Scratch, "headers.tar")
	if err := k.writeHeaders(src, obj); err != nil {
		return "", err
	}
	need, err := k.packedSize(obj)
	if err != nil {
		return "", fmt.Errorf("find the capacity: %w", err)
	}
	return k.placeholder("placeholder.tar.xz", withMargin(need))
}

// modpostGoals are the goals after which Module.symvers is whole, and so is what
// a module's build opens: scripts/module.lds is made by modules_prepare.
func modpostGoals(src string) []string {
	top, err := os.ReadFile(filepath.Join(src, "Makefile"))
	if err == nil && modpostGoal.Match(top) {
		return []string{"modules_prepare", "modpost"}
	}
	return []string{"vmlinux", "modules"}
}

// The top Makefile has it since 5.19 (7b4537199a4a).
var modpostGoal = regexp.MustCompile(`(?m)^modpost:`)

// withMargin adds the margin, and rounds up to what an xz stream can have.
func withMargin(need int64) int64 {
	return (need + need*marginPercent/100 + 3) &^ 3
}

// placeholder makes one in the scratch directory.
func (k Kernel) placeholder(name string, capacity int64) (string, error) {
	out := filepath.Join(k.Scratch, name)
	_, err := kmake.Run(k.Log, k.Scratch, k.Scratch, k.Packer, "placeholder", "--capacity", fmt.Sprint(capacity), "--out", out)
	return out, err
}

// packedSize packs the archive that the tree makes now, and returns the bytes
// that a reservation for it needs.
func (k Kernel) packedSize(obj string) (int64, error) {
	report := filepath.Join(k.Scratch, "pack.json")
	args := []string{
		"pack", "--profile", "module", "--arch", k.Arch, "--tree", k.Headers,
		"--symvers", filepath.Join(obj, "Module.symvers"), "--config", filepath.Join(obj, ".config"),
		"--release", filepath.Join(obj, "include/config/kernel.release"),
		"--out", filepath.Join(k.Scratch, "sized.tar.xz"), "--report", report,
	}
	if _, err := kmake.Run(k.Log, k.Scratch, k.Scratch, k.Packer, args...); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return 0, err
	}
	var packed struct {
		MinCapacity int64 `json:"min_capacity"`
	}
	if err := json.Unmarshal(text, &packed); err != nil || packed.MinCapacity <= 0 {
		return 0, fmt.Errorf("read the packer's report: got %.200q, expected min_capacity (%v)", text, err)
	}
	return packed.MinCapacity, nil
}
