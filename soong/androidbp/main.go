// SPDX-License-Identifier: Apache-2.0

// Androidbp writes the Android.bp files that Soong builds the tools by, from
// what `go list` says of their packages: ../Android.bp, and
// third_party/Android.bp for those that are not ours.
//
// Run it as `go run ./androidbp` in the directory soong when a package or a file
// was added. A test compares.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const module = "github.com/rules-kheaders/rules_kheaders"

// thirdParty are the modules that are not ours, and the directories below
// third_party where a tree has them.
var thirdParty = map[string]string{
	"github.com/klauspost/compress": "compress",
	"github.com/pierrec/lz4/v4":     "lz4",
	"github.com/ulikunitz/xz":       "xz",
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "androidbp: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	root := flag.String("root", "..", "the checkout's `DIRECTORY`")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	files, err := generate(*root, nil)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(*root, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the content of each Android.bp, by its path in the checkout.
func generate(dir string, environ []string) (map[string]string, error) {
	p, err := load(dir, environ)
	if err != nil {
		return nil, err
	}
	const made = "// Made by `go run ./androidbp` in the directory soong.\n"
	ours := &strings.Builder{}
	ours.WriteString(made + "//\n// The tools, and every Go package of theirs, for Soong. Those of others are in soong/third_party.\n")
	theirs := &strings.Builder{}
	theirs.WriteString(made + "//\n// What the tools import of others, checked out beside this file: see docs/soong.md. The sources are those of the build tag\n" +
		"// noasm, because Soong's Go rules have no assembly.\n")
	for _, path := range p.order {
		if _, _, err := place(path); err != nil {
			return nil, err
		}
		if path == module || strings.HasPrefix(path, module+"/") {
			err = p.write(ours, path)
		} else {
			err = p.write(theirs, path)
		}
		if err != nil {
			return nil, err
		}
	}
	return map[string]string{"Android.bp": ours.String(), "soong/third_party/Android.bp": theirs.String()}, nil
}
