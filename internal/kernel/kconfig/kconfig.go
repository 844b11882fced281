// SPDX-License-Identifier: Apache-2.0

// Package kconfig reads configurations of kernels: .config, auto.conf and
// fragments, as scripts/kconfig/confdata.c writes and reads them.
package kconfig

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// "CONFIG_X=y" or "# CONFIG_X is not set": scripts/kconfig/confdata.c.
var line = regexp.MustCompile(`^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$`)

// maxLine bounds a line, in bytes: make and the C compiler take far longer
// strings than anybody gives an option.
const maxLine = 1 << 20

// ReadFile returns the options that a file sets; "n" stands for "is not set".
func ReadFile(file string) (map[string]string, error) {
	f, err := infile.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	options := make(map[string]string)
	err = Parse(file, f, func(_ int, name, value string) error {
		options[name] = value
		return nil
	})
	return options, err
}

// Parse calls set for each option that a file sets, in order, with the number of
// the line; "n" stands for "is not set". name is the file's, for errors. Lines may
// end as an editor on Windows ends them.
func Parse(name string, r io.Reader, set func(line int, name, value string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		m := line.FindStringSubmatch(text)
		var err error
		switch {
		case m == nil && text != "" && !strings.HasPrefix(text, "#"):
			return fmt.Errorf("%s:%d: got %q, expected CONFIG_NAME=value or '# CONFIG_NAME is not set'", name, n, text)
		case m == nil:
		case m[1] != "":
			err = set(n, m[1], m[2])
		default:
			err = set(n, m[3], "n")
		}
		if err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("%s:%d: the line has more than %d bytes, expected CONFIG_NAME=value", name, n+1, maxLine)
	}
	return lines.Err()
}

// chosen are the beginnings of symbols that a person sets, though their names
// begin like those of probes: the ones with a prompt in 6.1 to 7.2. The kind of
// compiler is as good as chosen.
var chosen = []string{
	"CONFIG_CC_IS_", "CONFIG_LD_IS_", "CONFIG_AS_IS_", "CONFIG_CC_OPTIMIZE", "CONFIG_CC_STACKPROTECTOR", "CONFIG_GCC_PLUGIN",
	"CONFIG_LD_DEAD_CODE_DATA_ELIMINATION", "CONFIG_LD_HEAD_STUB_CATCH", "CONFIG_LD_NO_RELAX", "CONFIG_LD_SCRIPT_DYN_RPATH",
}

// Probed reports whether an option only says what the compiler is or can do
// (init/Kconfig, the top of it): with another version of it, the same
// configuration may differ there.
func Probed(name string) bool {
	begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	return !slices.ContainsFunc(chosen, begins) && slices.ContainsFunc([]string{
		"CONFIG_CC_", "CONFIG_LD_", "CONFIG_AS_", "CONFIG_RUSTC_", "CONFIG_GCC_", "CONFIG_CLANG_", "CONFIG_LLD_", "CONFIG_PAHOLE_",
		"CONFIG_TOOLS_SUPPORT_", "CONFIG_BINDGEN_",
	}, begins)
}
