// SPDX-License-Identifier: Apache-2.0

// Spoil copies an unpacked archive and leaves its Module.symvers out, or changes
// the CRC of one symbol in it, and may change the kernel release that it is for:
// what the negative tests build modules from.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintf(os.Stderr, "spoil: %v\n", err)
		os.Exit(1)
	}
}

func run(from, to, symbol, release string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		out := filepath.Join(to, rel)
		// Under a sandbox, the files of a directory are links.
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return os.MkdirAll(out, 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if rel == "Module.symvers" {
			if symbol == "" {
				return nil
			}
			if content, err = spoil(content, symbol); err != nil {
				return err
			}
		}
		if release != "" {
			content = rename(rel, content, release)
		}
		return os.WriteFile(out, content, info.Mode().Perm()|0o200)
	})
}

// rename changes the release in the files that say it.
func rename(name string, content []byte, release string) []byte {
	switch name {
	case "include/config/kernel.release":
		return []byte(release + "\n")
	case "include/generated/utsrelease.h":
		return []byte(fmt.Sprintf("#define UTS_RELEASE %q\n", release))
	}
	return content
}

// spoil changes the CRC, the first field, of the symbol's line.
func spoil(symvers []byte, symbol string) ([]byte, error) {
	lines := strings.SplitAfter(string(symvers), "\n")
	for i, line := range lines {
		crc, rest, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(rest, symbol+"\t") {
			continue
		}
		last := "0"
		if strings.HasSuffix(crc, last) {
			last = "1"
		}
		lines[i] = crc[:len(crc)-1] + last + "\t" + rest
		return []byte(strings.Join(lines, "")), nil
	}
	return nil, fmt.Errorf("Module.symvers has no symbol %s", symbol)
}
