// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree"
)

var pick = cli.Command{
	Name:    "pick",
	Usage:   "--tar F --file END=OUT...",
	Summary: "Write files of a tar by themselves, each found by how its name ends: a kernel's, out of Kleaf's NAME_filegroup_decl.tar.gz.",
	Run:     runPick,
}

func runPick(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	var words cli.Strings
	tar := flags.String("tar", "", "the `TAR`, plain or gzip'ed")
	flags.Var(&words, "file", "a file whose name ends in END, and where it goes, `END=OUT`; may be repeated")
	if err := cli.ParseAll(flags, args, "tar", "file"); err != nil {
		return err
	}
	var ends []string
	files := make(outputs, len(words))
	for i, text := range words {
		end, out, ok := strings.Cut(text, "=")
		if !ok || end == "" || out == "" {
			return cli.Usagef("--file is %q: expected END=OUT, such as /Module.symvers=out/Module.symvers", text)
		}
		ends = append(ends, end)
		files[i].path = out
	}
	picked, err := tree.Pick(*tar, ends)
	if err != nil {
		return err
	}
	for i := range files {
		files[i].content = picked[i]
	}
	if err := files.check([]string{*tar}, nil); err != nil {
		return err
	}
	return files.write(nil)
}

var release = cli.Command{
	Name:    "release",
	Usage:   "--gki-info F --out F",
	Summary: "Write the kernel's release as a file of one line, out of the gki-info.txt of an Android kernel.",
	Run:     runRelease,
}

func runRelease(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	info := flags.String("gki-info", "", "the `FILE` gki-info.txt")
	out := flags.String("out", "", "the `FILE` to write")
	if err := cli.ParseAll(flags, args, "gki-info", "out"); err != nil {
		return err
	}
	text, err := tree.ReadFile(*info)
	if err != nil {
		return fmt.Errorf("read release: %w", err)
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("kernel_release=")); ok && len(value) > 0 {
			made := outputs{{*out, append(value, '\n')}}
			if err := made.check([]string{*info}, nil); err != nil {
				return err
			}
			return made.write(nil)
		}
	}
	return fmt.Errorf("read release: %s has no line kernel_release=; expected the gki-info.txt that Kleaf's gki_artifacts writes", *info)
}

var replace = cli.Command{
	Name:    "replace",
	Usage:   "--tar F --by END=FILE... --out F.tar.gz",
	Summary: "Write a copy of a tar with other content in some members, each found by how its name ends: kheaders.ko in Kleaf's system_dlkm_staging_archive.tar.gz.",
	Run:     runReplace,
}

func runReplace(args []string, _, _ io.Writer) error {
	flags := cli.NewFlags()
	var words cli.Strings
	tar := flags.String("tar", "", "the `TAR`, plain or gzip'ed")
	flags.Var(&words, "by", "how the member's name ends, and its new content, `END=FILE`; may be repeated")
	out := flags.String("out", "", "the `FILE` to write")
	if err := cli.ParseAll(flags, args, "tar", "by", "out"); err != nil {
		return err
	}
	inputs := []string{*tar}
	var replacements []tree.Replacement
	for _, text := range words {
		end, file, ok := strings.Cut(text, "=")
		if !ok || end == "" || file == "" {
			return cli.Usagef("--by is %q: expected END=FILE, such as /kheaders.ko=kheaders.ko", text)
		}
		content, err := tree.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read replacement: %w", err)
		}
		inputs = append(inputs, file)
		replacements = append(replacements, tree.Replacement{End: end, Content: content})
	}
	var copied bytes.Buffer
	if err := tree.Replace(*tar, replacements, &copied); err != nil {
		return err
	}
	made := outputs{{*out, copied.Bytes()}}
	if err := made.check(inputs, nil); err != nil {
		return err
	}
	return made.write(nil)
}
