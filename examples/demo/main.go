// SPDX-License-Identifier: Apache-2.0

// Demo boots the kernel that this package builds, has it load the module that
// was built from its own archive, and reports.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// A stamp is what of `patcher stamp --report` the demo shows.
type stamp struct {
	LocatedBy string `json:"located_by"`
	Capacity  int64  `json:"capacity"`
	Used      int64  `json:"used"`
	Free      int64  `json:"free"`
	Release   string `json:"release"`
	Members   int    `json:"members"`
}

func run(ctx context.Context, args []string, w io.Writer) error {
	if len(args) != 5 {
		return fmt.Errorf("got %d arguments, expected bzImage, vmlinux, archive, stamp report, module; use `tools/bazel run //:demo`", len(args))
	}
	image, vmlinux, archive, report, module := args[0], args[1], args[2], args[3], args[4]
	text, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	var s stamp
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("read %s: %w", report, err)
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])

	fmt.Fprintf(w, "\nBooting %s in QEMU.\n\n", filepath.Base(image))
	result, err := guest.Run(ctx, guest.Config{
		Arch:  "x86_64",
		Image: image,
		Files: map[string]string{"/modules/hello.ko": module},
		Commands: []string{
			"ls -l " + guest.Archive,
			"zcat /proc/config.gz | grep CONFIG_MODVERSIONS=",
			"insmod /modules/hello.ko",
		},
		MemoryMiB: 512,
		Timeout:   300,
	}, prefixed{w})
	if err != nil {
		return err
	}
	var line string
	for _, l := range result.Lines {
		if strings.Contains(l, "hello: ") {
			line = l
		}
	}
	fmt.Fprintf(w, `
kernel release    %s
archive           %d bytes used, %d members, located by %s
capacity          %d bytes, %d free (%.1f %%)
sha256 on host    %s
sha256 in guest   %s
module's line     %s
outputs           %s
                  %s
                  %s
`, result.Release, s.Used, s.Members, s.LocatedBy, s.Capacity, s.Free, 100*float64(s.Free)/float64(s.Capacity),
		digest, result.ArchiveSHA256, line, output(vmlinux), output(image), output(module))

	switch {
	case s.LocatedBy != "section":
		return fmt.Errorf("the reservation was located by %s, expected the section that kernel/kheaders-rodata1.patch gives it", s.LocatedBy)
	case result.ArchiveSHA256 != digest:
		return fmt.Errorf("the guest shows another archive than the host's vmlinux holds")
	case result.Release != s.Release:
		return fmt.Errorf("the guest runs %s, but the archive was packed for %s", result.Release, s.Release)
	case line == "":
		return fmt.Errorf("the module was loaded and printed nothing")
	}
	return nil
}

// output is where a user finds a file of the runfiles: bazel run starts the
// program in them, and they are links to the outputs.
func output(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	if _, rel, ok := strings.Cut(real, "/bin/"); ok {
		return "bazel-bin/" + rel
	}
	return real
}

// prefixed marks the guest's lines.
type prefixed struct{ w io.Writer }

func (p prefixed) Write(b []byte) (int, error) {
	_, err := fmt.Fprintf(p.w, "  | %s", b)
	return len(b), err
}
