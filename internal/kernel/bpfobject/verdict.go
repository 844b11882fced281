// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// A Verdict is whether a program compiles for a kernel.
type Verdict struct {
	Kernel   string `json:"kernel"`  // what the archive is called
	Release  string `json:"release"` // of the archive
	Compiled bool   `json:"compiled"`
	Message  string `json:"message,omitempty"` // why not, in one line
}

// Judge compiles the object and says whether that was possible. A program that
// does not compile is a verdict; that there is no compiler, or no archive, is an
// error.
func (o Object) Judge(kernel string) (Verdict, error) {
	v := Verdict{Kernel: kernel}
	release, err := os.ReadFile(filepath.Join(o.Tree, "include/config/kernel.release"))
	if err != nil {
		return v, fmt.Errorf("read the release of %s: %w", kernel, err)
	}
	v.Release = strings.TrimSpace(string(release))
	log, shown := o.Log, new(bytes.Buffer)
	o.Log = io.MultiWriter(log, shown)
	err = o.Build()
	var refusal *Refusal
	switch {
	case err == nil:
		v.Compiled = true
	case errors.As(err, &refusal):
		v.Message = refusal.Error()
	case errors.Is(err, ErrShown):
		v.Message = firstErrorLine(shown.String())
	default:
		return v, err
	}
	return v, nil
}

// firstErrorLine is what a compiler complains about first.
func firstErrorLine(log string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "error: ") {
			return strings.TrimSpace(line)
		}
	}
	return ErrShown.Error()
}

// WriteReport writes for which kernels a program has compiled, a line each, and
// why not for the others.
func WriteReport(w io.Writer, name string, verdicts []Verdict) error {
	compiled := 0
	for _, v := range verdicts {
		if v.Compiled {
			compiled++
		}
	}
	fmt.Fprintf(w, "%s compiles for %d of %d kernels\n", name, compiled, len(verdicts))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range verdicts {
		if v.Compiled {
			fmt.Fprintf(table, "%s\t%s\tcompiles\n", v.Kernel, v.Release)
		} else {
			fmt.Fprintf(table, "%s\t%s\t%s\n", v.Kernel, v.Release, v.Message)
		}
	}
	return table.Flush()
}
