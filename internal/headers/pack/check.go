// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/container"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/profile"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/kconfig"
)

// release is a kernel release and where it was read.
type release struct{ value, where string }

// findRelease returns the kernel's release after comparing all that name it:
// what was given, which is a file or the release itself, and the two files of
// the trees.
func findRelease(given string, trees []tree.Tree) (string, error) {
	var all []release
	if given != "" {
		r, err := givenRelease(given)
		if err != nil {
			return "", err
		}
		all = append(all, r)
	}
	p, where, ok, err := tree.Lookup(trees, tree.ReleaseFile)
	if err != nil {
		return "", err
	}
	if ok {
		all = append(all, release{strings.TrimSpace(string(p)), where})
	}
	if p, where, ok, err = tree.Lookup(trees, tree.UTSFile); err != nil {
		return "", err
	}
	if ok {
		m := utsRelease.FindSubmatch(p)
		if m == nil {
			return "", fmt.Errorf("read %s: it has no line such as #define UTS_RELEASE \"6.1.0\"", where)
		}
		all = append(all, release{string(m[1]), where})
	}
	for _, r := range all {
		if err := checkRelease(r.value); err != nil {
			return "", fmt.Errorf("read kernel release from %s: %w", r.where, err)
		}
		if r.value != all[0].value {
			return "", fmt.Errorf("kernel releases disagree: %s says %s, %s says %s; they are of different builds", all[0].where, all[0].value, r.where, r.value)
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("find kernel release: no tree has %s, and none was given", tree.ReleaseFile)
	}
	return all[0].value, nil
}

var utsRelease = regexp.MustCompile(`(?m)^#define UTS_RELEASE "(.*)"$`)

// checkRelease fails for what no kernel could have: one that does not begin with a
// version, is too long for the kernel's own build, or cannot be the name of the
// directory that modules are installed in and a string of utsrelease.h.
func checkRelease(release string) error {
	if _, err := profile.ParseSeries(release); err != nil || strings.ContainsAny(release, `/"\`) {
		return fmt.Errorf("got %q, expected one such as 6.1.192-lab, without slashes, quotes and backslashes", release)
	}
	return container.CheckRelease(release)
}

func givenRelease(given string) (release, error) {
	info, err := os.Stat(given)
	if errors.Is(err, fs.ErrNotExist) && !strings.Contains(given, "/") {
		return release{given, "the release given"}, nil
	}
	if err != nil {
		return release{}, fmt.Errorf("read kernel release: %w", err)
	}
	if !info.Mode().IsRegular() {
		return release{}, fmt.Errorf("read kernel release: %s is not a regular file, expected kernel.release", given)
	}
	p, err := tree.ReadFile(given)
	if err != nil {
		return release{}, fmt.Errorf("read kernel release: %w", err)
	}
	return release{strings.TrimSpace(string(p)), given}, nil
}

// config is a kernel configuration: the values by symbol, "n" for one that is
// said not to be set.
type config map[string]string

// parseConfig reads a .config or an auto.conf. name is for the errors.
func parseConfig(name string, p []byte) (config, error) {
	c := make(config)
	err := kconfig.Parse(name, bytes.NewReader(p), func(line int, symbol, value string) error {
		if old, ok := c[symbol]; ok && old != value {
			return fmt.Errorf("%s:%d: %s is set twice, to %s and to %s", name, line, symbol, old, value)
		}
		c[symbol] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read config %w", err)
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("read config %s: it sets no symbol, expected a kernel's .config", name)
	}
	return c, nil
}

// enabled reports whether a symbol is y or m.
func (c config) enabled(symbol string) bool { return c[symbol] == "y" || c[symbol] == "m" }

// readConfig reads a .config and compares it with the trees' auto.conf. That,
// where there is one, is what modules are built with, and is returned.
func readConfig(file string, trees []tree.Tree) (config, error) {
	p, err := tree.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	c, err := parseConfig(file, p)
	if err != nil {
		return nil, err
	}
	p, where, ok, err := tree.Lookup(trees, tree.AutoConf)
	if err != nil || !ok {
		return c, err
	}
	auto, err := parseConfig(where, p)
	if err != nil {
		return nil, err
	}
	if differ := c.differences(auto); differ != nil {
		symbol := differ[0]
		return nil, fmt.Errorf("configs disagree: %s has %s=%s, %s has %s=%s; they are of different builds", file, symbol, c[symbol], where, symbol, cmp.Or(auto[symbol], "n"))
	}
	return auto, nil
}

// differences returns the symbols, sorted, that a .config and an auto.conf give
// different values. A symbol that is n is not in an auto.conf. One that the
// .config does not speak of is passed over: Debian takes lines out of the one in
// /boot, CONFIG_MODULE_SIG_ALL for one.
func (c config) differences(auto config) []string {
	var differ []string
	for symbol, value := range c {
		// Kconfig quotes strings in one of the files only, since 5.17.
		if kconfig.Probed(symbol) || strings.HasPrefix(value, `"`) {
			continue
		}
		other, ok := auto[symbol]
		if !ok && (value == "y" || value == "m") {
			other = "n"
		} else if !ok {
			continue
		}
		if other != value {
			differ = append(differ, symbol)
		}
	}
	slices.Sort(differ)
	return differ
}
