// SPDX-License-Identifier: Apache-2.0

package kmodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-kheaders/rules_kheaders/internal/kmake"
)

// An Install is what `make modules_install` does to a module after it is built
// (scripts/Makefile.modinst): strip, then sign. Both change the file, so an
// archive is stamped before.
type Install struct {
	kmake.Target
	Module string
	Out    string
	Strip  bool // strip --strip-debug, as INSTALL_MOD_STRIP=1
	// SignFile is the kernel's scripts/sign-file; "" leaves the module unsigned.
	SignFile, Key, Cert string
	Hash                string // CONFIG_MODULE_SIG_HASH: sha256, sha512, …

	Log io.Writer
}

// Run writes Out, or nothing.
func (n Install) Run() (err error) {
	if n.SignFile != "" && (n.Key == "" || n.Cert == "" || n.Hash == "") {
		return fmt.Errorf("sign %s: sign-file needs a key, a certificate and a hash; give --key, --cert and --hash", n.Module)
	}
	dir, err := os.MkdirTemp(filepath.Dir(n.Out), ".install-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	module := filepath.Join(dir, filepath.Base(n.Out))
	if err := kmake.CopyFile(n.Module, module); err != nil {
		return err
	}
	if n.Strip {
		if _, err := kmake.Run(n.Log, ".", dir, n.binutil("strip"), "--strip-debug", module); err != nil {
			return err
		}
	}
	if n.SignFile != "" {
		if err := kmake.Absolute(&n.SignFile); err != nil {
			return err
		}
		if _, err := kmake.Run(n.Log, ".", dir, n.SignFile, n.Hash, n.Key, n.Cert, module); err != nil {
			return err
		}
	}
	return os.Rename(module, n.Out)
}

// binutil is the name of one of the target's binutils.
func (n Install) binutil(name string) string {
	if n.LLVM != "" {
		return "llvm-" + name
	}
	return n.CrossCompile + name
}
