// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/carrier/bootimage"
	"github.com/rules-kheaders/rules_kheaders/internal/cli"
)

func bootImage(args []string, _, stderr io.Writer) error {
	r := bootimage.Repack{Log: stderr}
	fs := cli.NewFlags()
	fs.StringVar(&r.Image, "image", "", "the Android boot image, a `FILE`")
	fs.StringVar(&r.Kernel, "kernel", "", "the kernel to put into it, a `FILE`")
	fs.StringVar(&r.Unpack, "unpack-bootimg", "", "AOSP's unpack_bootimg, a `PROGRAM`")
	fs.StringVar(&r.Mkbootimg, "mkbootimg", "", "AOSP's mkbootimg, a `PROGRAM`")
	fs.StringVar(&r.Out, "out", "", "the boot image to write, a `FILE`")
	fs.StringVar(&r.Scratch, "scratch", "", "a `DIR` to work in, made and removed")
	if err := cli.ParseAll(fs, args, "image", "kernel", "unpack-bootimg", "mkbootimg", "out", "scratch"); err != nil {
		return err
	}
	return r.Run()
}
