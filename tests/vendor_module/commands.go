// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// compileCommands has clang, as clangd does, read each source by the command
// that the file gives: a header that is not found, or a flag that clang does not
// know, is an error.
func (v *vendor) compileCommands() error {
	if _, err := v.Run("run", "//:compile_commands"); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(v.In, "compile_commands.json"))
	if err != nil {
		return err
	}
	var commands []struct {
		Directory, File string
		Arguments       []string
	}
	if err := json.Unmarshal(text, &commands); err != nil {
		return fmt.Errorf("read compile_commands.json: %w", err)
	}
	if len(commands) != 1 || commands[0].File != "blink.c" || commands[0].Directory != v.In {
		return fmt.Errorf("compile_commands.json is of %+v, want one of blink.c in %s", commands, v.In)
	}
	args := append([]string{"-fsyntax-only", "-Werror", "-Wno-unused-command-line-argument"}, commands[0].Arguments[1:]...)
	cmd := exec.Command("clang", args...)
	cmd.Dir = commands[0].Directory
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("clang: %w\n%s", err, out)
	}
	return nil
}
