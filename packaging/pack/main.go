// SPDX-License-Identifier: Apache-2.0

// Pack writes the packages of kheaders: a Debian package, or a tarball for
// others.
package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/atomicfile"
)

var program = cli.Command{
	Name:    "pack",
	Usage:   "[--deb ARCH --control FILE [--script FILE]…] --module FILE [--file PATH:MODE=FILE]… --out FILE",
	Summary: "write a Debian package, or a tarball, of files",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, _, _ io.Writer) error {
	fs := cli.NewFlags()
	var names, scripts cli.Strings
	arch := fs.String("deb", "", "write a Debian package for `ARCH`, as amd64")
	control := fs.String("control", "", "the fields of its control file that do not depend on the build, a `FILE`")
	fs.Var(&scripts, "script", "a maintainer script, a `FILE` of its name")
	module := fs.String("module", "", "MODULE.bazel, a `FILE`, for the version")
	fs.Var(&names, "file", "a file, `PATH:MODE=FILE`; a PATH that ends in .gz is compressed")
	out := fs.String("out", "", "the `FILE` to write")
	if err := cli.ParseAll(fs, args, "module", "file", "out"); err != nil {
		return err
	}
	version, err := versionIn(*module)
	if err != nil {
		return err
	}
	var files []file
	for _, name := range names {
		f, err := read(name, version)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	var content []byte
	if *arch == "" {
		content, err = tarball("", files)
	} else {
		content, err = pack(*arch, version, *control, scripts, files)
	}
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(*out, 0o644, content)
}

func pack(arch, version, control string, scripts []string, files []file) ([]byte, error) {
	fields, err := os.ReadFile(control)
	if err != nil {
		return nil, err
	}
	byName := map[string][]byte{}
	for _, s := range scripts {
		if byName[path.Base(s)], err = os.ReadFile(s); err != nil {
			return nil, err
		}
	}
	return debian(arch, version, string(fields), byName, files)
}

var versionLine = regexp.MustCompile(`(?m)^    version = "([0-9.]+)",$`)

func versionIn(module string) (string, error) {
	text, err := os.ReadFile(module)
	if err != nil {
		return "", err
	}
	version := versionLine.FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("read %s: it has no line such as version = \"0.1.0\"", module)
	}
	return string(version[1]), nil
}

// read reads PATH:MODE=FILE. VERSION in a document is replaced.
func read(name, version string) (file, error) {
	target, from, ok := strings.Cut(name, "=")
	to, mode, ok2 := strings.Cut(target, ":")
	bits, err := strconv.ParseInt(mode, 8, 64)
	if !ok || !ok2 || err != nil || !path.IsAbs(to) || path.Clean(to) != to {
		return file{}, cli.Usagef("--file is %q: expected /PATH:MODE=FILE, as /usr/bin/x:755=x", name)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return file{}, err
	}
	if strings.HasSuffix(to, ".gz") {
		content, err = compressed([]byte(strings.ReplaceAll(string(content), "VERSION", version)))
	}
	return file{to, bits, content}, err
}
