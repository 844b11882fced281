// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// maxParams bounds a param file, in bytes. 100,000 paths of 160 bytes fit; an
// archive passed by mistake as @FILE is refused before it is held in memory.
const maxParams = 64 << 20

// expand replaces a single argument @FILE, alone or after the command's name,
// by FILE's lines. That is what Bazel's Args.use_param_file("@%s") with
// set_param_file_format("multiline") writes: one argument a line, nothing
// quoted. An @ anywhere else is part of an ordinary argument.
func expand(args []string) ([]string, error) {
	n := len(args) - 1
	if n < 0 || n > 1 || len(args[n]) < 2 || args[n][0] != '@' {
		return args, nil
	}
	lines, err := readParams(args[n][1:])
	if err != nil {
		return nil, err
	}
	return append(args[:n:n], lines...), nil
}

func readParams(name string) ([]string, error) {
	f, err := infile.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read param file: %w", err)
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, maxParams+1))
	if err != nil {
		return nil, fmt.Errorf("read param file: %w", err)
	}
	if len(p) > maxParams {
		return nil, fmt.Errorf("read param file: %s has more than %d bytes, expected a text file with one argument a line", name, maxParams)
	}
	if bytes.IndexByte(p, 0) >= 0 {
		return nil, fmt.Errorf("read param file: %s is not text, expected one argument a line", name)
	}
	if len(p) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(p), "\n"), "\n"), nil
}
