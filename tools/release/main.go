// SPDX-License-Identifier: Apache-2.0

// Release writes a directory that a workspace without rules_go and without
// downloads checks in, or an Android tree with an older Go: the rules as a Bazel
// module that needs nothing, the Soong plugin, the programs as static binaries,
// and their digests. With --assets it writes the programs alone, and the lock file
// by which the module extension `tools` downloads them.
// Start it by `tools/bazel run //tools:release -- DIR`.
package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/pair"
)

// What the release has of its own.
var (
	//go:embed android.bp.txt
	androidFile string
	//go:embed module.bazel.txt
	moduleFile string
	//go:embed toolchain.bazel.txt
	toolchainFile string
	//go:embed readme.md.txt
	readme string
)

var program = cli.Command{
	Name:    "release",
	Usage:   "[--assets] [--program NAME=FILE]… [--sources FILES]… --license FILE --module FILE DIR",
	Summary: "write the directory that a workspace without rules_go checks in",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, _ io.Writer) error {
	fs := cli.NewFlags()
	var programs, sources cli.Strings
	fs.Var(&programs, "program", "a static binary, `NAME=FILE`")
	fs.Var(&sources, "sources", "files that keep their names, a space between two: `FILES`")
	license := fs.String("license", "", "the license's text, a `FILE`")
	module := fs.String("module", "", "this module's MODULE.bazel, a `FILE`, for the version")
	assets := fs.Bool("assets", false, "write PROGRAM-PLATFORM for each program, and tools.lock.json")
	rest, err := cli.Parse(fs, args)
	if err != nil {
		return err
	}
	required := []string{"program", "module"}
	if !*assets {
		required = append(required, "sources", "license")
	}
	if err := cli.Require(fs, required...); err != nil {
		return err
	}
	if len(rest) != 1 {
		return cli.Usagef("got %d directories, expected one: tools/bazel run //tools:release -- DIR", len(rest))
	}
	var files []file
	if *assets {
		files, err = collectAssets(programs, *module)
	} else {
		files, err = collect(programs, sources, *license, *module)
	}
	if err != nil {
		return err
	}
	dir := filepath.Clean(rest[0])
	if from := os.Getenv("BUILD_WORKING_DIRECTORY"); from != "" && !filepath.IsAbs(dir) {
		dir = filepath.Join(from, dir) // bazel run starts programs elsewhere
	}
	if err := write(dir, files); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d files\n", dir, len(files))
	return nil
}

// A file of the release.
type file struct {
	name    string
	content []byte
	program bool
}

var versionLine = regexp.MustCompile(`(?m)^    version = "([0-9.]+)",$`)

// readVersion is the version in a MODULE.bazel.
func readVersion(module string) (string, error) {
	text, err := infile.ReadFile(module)
	if err != nil {
		return "", err
	}
	version := versionLine.FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("read %s: it has no line such as version = \"0.1.0\"", module)
	}
	return string(version[1]), nil
}

func collect(programs, sources []string, license, module string) ([]file, error) {
	version, err := readVersion(module)
	if err != nil {
		return nil, err
	}
	files := []file{
		{name: "Android.bp", content: []byte(androidFile)},
		{name: "BUILD.bazel"},
		{name: "MODULE.bazel", content: []byte(strings.ReplaceAll(moduleFile, "VERSION", version))},
		{name: "README.md", content: []byte(readme)},
		{name: "WORKSPACE", content: []byte("workspace(name = \"rules_kheaders\")\n")},
		{name: "prebuilt/BUILD.bazel", content: []byte("exports_files(glob([\"**\"]))\n")},
		{name: "rules/toolchain/BUILD.bazel", content: []byte(toolchainFile)},
	}
	read := func(name, from string, program bool) error {
		content, err := infile.ReadFile(from)
		files = append(files, file{name, content, program})
		return err
	}
	if err := read("LICENSE", license, false); err != nil {
		return nil, err
	}
	for _, name := range strings.Fields(strings.Join(sources, " ")) {
		// rules/toolchain/BUILD.bazel is of the programs' source.
		if name == "rules/toolchain/BUILD.bazel" {
			continue
		}
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("release %s: it is outside the directory; give names relative to the module's top", name)
		}
		if strings.HasSuffix(name, ".go") && !strings.Contains(androidFile, `"`+name+`"`) {
			return nil, fmt.Errorf("release %s: the release's Android.bp does not name it: add it to srcs in tools/release/android.bp.txt", name)
		}
		if err := read(name, name, false); err != nil {
			return nil, err
		}
	}
	for _, p := range programs {
		name, from, err := pair.Local(p)
		if err != nil {
			return nil, fmt.Errorf("program %w", err)
		}
		if err := read("prebuilt/"+name, from, true); err != nil {
			return nil, err
		}
	}
	return append(files, file{name: "SHA256SUMS", content: sums(files)}), nil
}

// sums is what `sha256sum -c` reads.
func sums(files []file) []byte {
	var out bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(f.content), f.name)
	}
	return out.Bytes()
}

// write makes the directory, or nothing.
func write(dir string, files []file) (err error) {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: it is there already, expected the name of a new directory", dir)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	for _, f := range files {
		to := filepath.Join(tmp, f.name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if f.program {
			mode = 0o755
		}
		if err := os.WriteFile(to, f.content, mode); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}
