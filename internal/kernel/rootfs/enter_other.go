// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package rootfs

import (
	"errors"
	"syscall"
)

func attributes() []*syscall.SysProcAttr { return []*syscall.SysProcAttr{{}} }

var errLinux = errors.New("enter the root: only Linux can; give the kbuild_toolchain programs in place of a root")

func unpack(string, string) error { return errLinux }

func enter(string, string) error { return errLinux }

func refused(err error) error { return err }
