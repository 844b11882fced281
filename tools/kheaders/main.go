// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Kheaders puts the running kernel's headers where tools look for them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/device"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/driver"
)

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		args = []string{"status"}
	}
	os.Exit(tool.Main(args, os.Stdout, os.Stderr))
}

const image = "[--json] [--root DIR]"

var tool = cli.Tool{
	Name:    "kheaders",
	Summary: "the running kernel's own headers, where every tool looks for them: /lib/modules/$(uname -r)/build",
	Commands: []cli.Command{
		{
			Name:    "status",
			Usage:   image + " [--from FILE]",
			Summary: "Say whether there is an archive, what can be built with it here, and what is missing. The default.",
			Run:     runStatus,
		},
		{
			Name:    "mount",
			Usage:   "[--json] [--from FILE]",
			Summary: "Put the headers into memory, until reboot.",
			Run:     provide((*device.Device).Mount),
		},
		{
			Name:    "install",
			Usage:   image + " [--from FILE]",
			Summary: "Put the headers on disk, in /usr/src/kheaders-RELEASE.",
			Run:     provide((*device.Device).Install),
		},
		{
			Name:    "remove",
			Usage:   image,
			Summary: "Remove what mount and install made for this kernel.",
			Run:     remove((*device.Device).Remove),
		},
		{
			Name:    "prune",
			Usage:   image,
			Summary: "Remove the headers on disk of kernels that are no longer installed.",
			Run:     remove((*device.Device).Prune),
		},
		{
			Name:    "build",
			Usage:   "[--json] [--from FILE] [DIR]",
			Summary: "Build the kernel modules of a directory, and say how to load them.",
			Run:     runBuild,
		},
		{
			Name:    "import",
			Usage:   "[--json] [--archive LABEL] DIR",
			Summary: "Write kernel_module targets into a driver's BUILD.bazel, from its dkms.conf, Kbuild files and Makefiles.",
			Run:     runImport,
		},
		{
			Name:    "path",
			Usage:   image,
			Summary: "Print the directory that the headers are in.",
			Run:     runPath,
		},
	},
}

// options are the flags of a command.
type options struct {
	*flag.FlagSet
	json *bool
	device.Device
}

func newOptions(stderr io.Writer, flags string) *options {
	o := &options{FlagSet: cli.NewFlags()}
	o.Root, o.Log = "/", stderr
	o.json = o.Bool("json", false, "print one JSON object")
	if strings.Contains(flags, "root") {
		o.StringVar(&o.Root, "root", "/", "work on the image of a system in `DIR`")
	}
	if strings.Contains(flags, "from") {
		o.StringVar(&o.From, "from", "", "use the archive in this `FILE`, or in the kernel or initramfs that it is")
	}
	return o
}

// print prints a result as JSON, or what text prints.
func (o *options) print(stdout io.Writer, v any, text func(io.Writer) error) error {
	if *o.json {
		return cli.PrintJSON(stdout, v)
	}
	return text(stdout)
}

func runStatus(args []string, stdout, stderr io.Writer) error {
	o := newOptions(stderr, "root from")
	if err := cli.ParseAll(o.FlagSet, args); err != nil {
		return err
	}
	defer o.Close()
	s, err := o.Status()
	if err != nil {
		return err
	}
	return errors.Join(o.print(stdout, s, s.Text), s.Problem())
}

// runImport needs no headers: it is for the machine that builds.
func runImport(args []string, stdout, stderr io.Writer) error {
	o := newOptions(stderr, "")
	archive := o.String("archive", "@device//:archive", "the `LABEL` of the kernel's archive")
	dirs, err := cli.Parse(o.FlagSet, args)
	if err != nil {
		return err
	}
	if len(dirs) != 1 {
		return cli.Usagef("got %d directories, expected one, a driver's", len(dirs))
	}
	targets, err := driver.Read(dirs[0])
	if err != nil {
		return err
	}
	if err := driver.Write(dirs[0], *archive, targets); err != nil {
		return err
	}
	return o.print(stdout, targets, func(w io.Writer) error {
		for _, t := range targets {
			if _, err := fmt.Fprintf(w, "kernel_module %s: %s\n", t.Name, strings.Join(t.Modules, " ")); err != nil {
				return err
			}
		}
		return nil
	})
}

// provide is the commands that make a tree.
func provide(do func(*device.Device) (*device.Tree, error)) func([]string, io.Writer, io.Writer) error {
	return func(args []string, stdout, stderr io.Writer) error {
		o := newOptions(stderr, "root from")
		if err := cli.ParseAll(o.FlagSet, args); err != nil {
			return err
		}
		defer o.Close()
		t, err := do(&o.Device)
		if err != nil {
			return err
		}
		return o.print(stdout, t, t.Text)
	}
}

// remove is the commands that remove trees.
func remove(do func(*device.Device) ([]string, error)) func([]string, io.Writer, io.Writer) error {
	return func(args []string, stdout, stderr io.Writer) error {
		o := newOptions(stderr, "root")
		if err := cli.ParseAll(o.FlagSet, args); err != nil {
			return err
		}
		removed, err := do(&o.Device)
		if err != nil {
			return err
		}
		result := struct {
			Removed []string `json:"removed"`
		}{append([]string{}, removed...)}
		return o.print(stdout, result, func(w io.Writer) error {
			if len(removed) == 0 {
				_, err := fmt.Fprintln(w, "nothing to remove")
				return err
			}
			_, err := fmt.Fprintf(w, "removed %s\n", strings.Join(removed, ", "))
			return err
		})
	}
}

func runBuild(args []string, stdout, stderr io.Writer) error {
	o := newOptions(stderr, "from")
	rest, err := cli.Parse(o.FlagSet, args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return cli.Usagef("expected one DIR, got %d", len(rest))
	}
	defer o.Close()
	makes := stdout
	if *o.json {
		makes = stderr // stdout is the object's
	}
	b, err := o.Build(append(rest, ".")[0], makes, stderr)
	if err != nil {
		return err
	}
	return o.print(stdout, b, b.Text)
}

func runPath(args []string, stdout, stderr io.Writer) error {
	o := newOptions(stderr, "root")
	if err := cli.ParseAll(o.FlagSet, args); err != nil {
		return err
	}
	path, err := o.Path()
	if err != nil {
		return err
	}
	return o.print(stdout, map[string]string{"path": path}, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, path)
		return err
	})
}
