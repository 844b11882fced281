// SPDX-License-Identifier: Apache-2.0

//go:build linux

package bench

import "strings"

// Script is a command that runs lines of the shell, up to the first that fails.
func Script(name, out string, lines ...string) Command {
	return Command{Name: name, Out: out, Args: []string{"sh", "-e", "-c", strings.Join(lines, "\n")}}
}

// Quote makes of each argument a word of the shell, and of these a line.
func Quote(args ...string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}
