// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package kmake

import "os/exec"

func dropDACOverride() {}

func group(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }

func watch(*exec.Cmd) (stop func()) { return func() {} }
