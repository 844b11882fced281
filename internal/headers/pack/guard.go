// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/secret"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

// guard keeps out of archives what not all users of a machine may read.
type guard struct {
	seeds     secret.Seeds
	allowSeed bool   // of RANDSTRUCT
	lacks     string // see Report
}

// noRust is what an archive of a kernel with CONFIG_RUST lacks. Its rust/*.rmeta are
// of the very compiler that built them, and its procedural macros are programs of
// the machine that did.
const noRust = "CONFIG_RUST: rust/*.rmeta and the procedural macros, so modules in Rust cannot be built from the archive"

// newGuard learns from the trees what the seed of a kernel is, if it has one. It
// fails for a kernel with RANDSTRUCT unless that is allowed. conf is the kernel's
// configuration, from the file of that name, or nil for the trees' own.
func newGuard(trees []tree.Tree, name string, conf config, allowSeed bool) (guard, error) {
	g := guard{allowSeed: allowSeed}
	if conf.enabled("CONFIG_RUST") {
		g.lacks = noRust
	}
	if allowSeed {
		return g, nil
	}
	if err := checkRandstruct(trees, name, conf); err != nil {
		return g, err
	}
	for _, name := range secret.SeedFiles {
		p, _, ok, err := tree.Lookup(trees, name)
		if err != nil {
			return g, err
		}
		if ok {
			g.seeds.Add(p)
		}
	}
	return g, nil
}

// check fails for a private key, whatever its name, and for the seed.
func (g guard) check(p []byte) error {
	if kind := secret.Key(p); kind != "" {
		return fmt.Errorf("it holds %s, and all users of the machine could read the archive; leave it out", kind)
	}
	if !g.allowSeed && g.seeds.In(p) {
		return fmt.Errorf("it holds the RANDSTRUCT seed, and all users of the machine could read the archive; leave it out, or permit it with --allow-randstruct-seed (allow_randstruct_seed)")
	}
	return nil
}

// autoConfRandstruct is how autoconf.h has one of secret.RandstructOptions.
var autoConfRandstruct = regexp.MustCompile(`(?m)^#define (CONFIG_(?:GCC_PLUGIN_)?RANDSTRUCT) 1$`)

// checkRandstruct fails for a kernel whose structs have a secret layout. Without
// the seed its headers describe other structs than it has, so an archive of them
// is of no use; with it, the layout is no secret.
func checkRandstruct(trees []tree.Tree, where string, conf config) error {
	option := ""
	if conf == nil {
		p, file, ok, err := tree.Lookup(trees, tree.AutoConf)
		if err != nil {
			return err
		}
		if ok {
			if conf, err = parseConfig(file, p); err != nil {
				return err
			}
			where = file
		}
	}
	for _, o := range secret.RandstructOptions {
		if conf.enabled(o) {
			option = o
		}
	}
	if option == "" {
		p, file, ok, err := tree.Lookup(trees, tree.AutoConfHeader)
		if err != nil {
			return err
		}
		if m := autoConfRandstruct.FindSubmatch(bytes.ReplaceAll(p, []byte("\r"), nil)); ok && m != nil {
			where, option = file, string(m[1])
		}
	}
	if option == "" {
		return nil
	}
	return fmt.Errorf("pack headers: %s has %s=y: without the RANDSTRUCT seed nothing built from the archive fits the kernel, and with it "+
		"all users of the machine could read the seed; turn the option off, or permit the seed with --allow-randstruct-seed (allow_randstruct_seed)", where, option)
}
