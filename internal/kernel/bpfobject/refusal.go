// SPDX-License-Identifier: Apache-2.0

package bpfobject

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Refusal is the error of a source that does not compile for a reason that the
// compiler does not know: the message names it. The compiler's has been shown.
type Refusal struct{ message string }

func (r *Refusal) Error() string { return r.message }

// clang's lines (clang/lib/Frontend/TextDiagnostic.cpp).
var (
	includedFrom = regexp.MustCompile(`^In file included from (.+):\d+:$`)
	firstError   = regexp.MustCompile(`^(.+?):\d+:\d+: (?:fatal )?error: (.*)$`)
	notFound     = regexp.MustCompile(`^'([^']+)' file not found`)
)

// refusal says which header the mode cannot use, where that is why clang has
// failed, and nil where it is not.
func (o Object) refusal(given, out string) error {
	var chain []string
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		line := lines.Text()
		if m := includedFrom.FindStringSubmatch(line); m != nil {
			chain = append(chain, m[1])
			continue
		}
		m := firstError.FindStringSubmatch(line)
		if m == nil {
			if strings.Contains(line, ": warning: ") {
				chain = nil
			}
			continue
		}
		chain = append(chain, m[1])
		if missing := notFound.FindStringSubmatch(m[2]); missing != nil {
			return o.missing(given, chain, missing[1])
		}
		return o.foreign(given, chain)
	}
	return nil
}

// missing is about a header that is not among the mode's.
func (o Object) missing(given string, chain []string, header string) error {
	if header == "vmlinux.h" {
		return &Refusal{fmt.Sprintf(`compile %s: vmlinux.h cannot be used with headers = %q; expected headers of the archive; set headers = "btf" and btf`, given, o.Mode)}
	}
	if refusal := o.foreign(given, chain); refusal != nil {
		return refusal
	}
	arch := "arch/" + o.target.name + "/include"
	for _, dir := range append(o.target.uapiDirs(), "include", arch, arch+"/generated") {
		file := filepath.Join(o.Tree, dir, header)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if o.Mode == BTF {
			return &Refusal{fmt.Sprintf(`compile %s: %s cannot be used with headers = "btf", where vmlinux.h has the kernel's types; `+
				`expected no other header of the kernel; remove it, or set headers = "kernel"`, given, header)}
		}
		return o.foreign(given, []string{file})
	}
	return nil
}

// foreign is about a header of the kernel's own that one for programs does not
// stand for.
func (o Object) foreign(given string, chain []string) error {
	if o.Mode != UAPI {
		return nil
	}
	for _, file := range chain {
		name, ok := strings.CutPrefix(file, o.Tree+"/")
		if !ok || strings.Contains(name, "/uapi/") || strings.HasPrefix(name, "include/generated/") {
			continue
		}
		return &Refusal{fmt.Sprintf(`compile %s: %s cannot be used with headers = "uapi"; expected headers that the kernel gives to programs, `+
			`those of include/uapi; set headers = "kernel"`, given, name)}
	}
	return nil
}

// withoutTrace cuts a clang that crashed after its error (of a fatal one in a
// header of another machine, clang 21 does) down to that error.
func withoutTrace(out string) string {
	before, _, crashed := strings.Cut(out, "PLEASE submit a bug report")
	if crashed && strings.Contains(before, "error: ") {
		return before
	}
	return out
}
