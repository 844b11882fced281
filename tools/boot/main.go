// SPDX-License-Identifier: Apache-2.0

// Boot is the program of linux_boot_test: it boots a guest and compares what
// the guest said with what was expected.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/cleanup"
	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
	"github.com/rules-kheaders/rules_kheaders/internal/kernel/guest"
)

// A spec is the JSON that the rule writes; paths are relative to the runfiles.
type spec struct {
	guest.Config
	Archive string   `json:"archive"` // what /sys/kernel/kheaders.tar.xz must be, or ""
	Release string   `json:"release"` // a file with what `uname -r` must print, or ""
	Expect  []string `json:"expect"`  // lines of the console hold these, in this order
	Reject  []string `json:"reject"`  // no line holds any of these
}

var program = cli.Command{
	Name:    "boot",
	Usage:   "[FILE]",
	Summary: "boot a guest and compare what it says, as the JSON FILE, or LINUX_BOOT_TEST, says",
	Run:     run,
}

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, _ io.Writer) error {
	file, err := cli.Specification(args, "LINUX_BOOT_TEST")
	if err != nil {
		return err
	}
	var s spec
	if err := cli.ReadJSON(file, &s); err != nil {
		return err
	}
	s.Timeout = within(s.Timeout, os.Getenv("TEST_TIMEOUT"))
	result, err := boot(s.Config, stdout)
	if err != nil {
		return err
	}
	return s.compare(result)
}

// boot runs the guest, which a signal ends.
func boot(c guest.Config, console io.Writer) (*guest.Result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan bool)
	done, err := cleanup.Make(func() (undo func(), err error) {
		return func() { cancel(); <-ended }, nil
	})
	if err != nil {
		return nil, err
	}
	defer done()
	defer close(ended)
	return guest.Run(ctx, c, console)
}

// within bounds a guest's time, in seconds, by the test's (TEST_TIMEOUT, Bazel's
// test encyclopedia), which would end this program without a word.
func within(timeout int, test string) int {
	const margin = 5 // seconds to say so
	if limit, err := strconv.Atoi(test); err == nil && limit > margin {
		return min(timeout, limit-margin)
	}
	return timeout
}

// compare returns all that is not as expected.
func (s spec) compare(r *guest.Result) error {
	var errs []error
	if s.Archive != "" {
		errs = append(errs, compareArchive(s.Archive, r))
	}
	if s.Release != "" {
		want, err := infile.ReadFile(s.Release)
		if err == nil && r.Release != strings.TrimSpace(string(want)) {
			err = fmt.Errorf("the guest runs %s, expected %s", r.Release, strings.TrimSpace(string(want)))
		}
		errs = append(errs, err)
	}
	next := 0
	for _, want := range s.Expect {
		found := false
		for !found && next < len(r.Lines) {
			found = strings.Contains(r.Lines[next], want)
			next++
		}
		if !found {
			errs = append(errs, fmt.Errorf("the console has no line with %q, or not behind the ones expected before it", want))
			break
		}
	}
	for _, bad := range s.Reject {
		for _, line := range r.Lines {
			if strings.Contains(line, bad) {
				errs = append(errs, fmt.Errorf("the console has %q, with %q, which must not be there", line, bad))
				break
			}
		}
	}
	return errors.Join(errs...)
}

func compareArchive(file string, r *guest.Result) error {
	want, err := infile.ReadFile(file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(want)
	if r.ArchiveSize != int64(len(want)) || r.ArchiveSHA256 != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%s in the guest has %d bytes and sha256 %s, expected %d and %s", guest.Archive, r.ArchiveSize, r.ArchiveSHA256, len(want), hex.EncodeToString(sum[:]))
	}
	return nil
}
