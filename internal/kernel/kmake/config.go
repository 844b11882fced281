// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/infile"
)

// "CONFIG_X=y" or "# CONFIG_X is not set": scripts/kconfig/confdata.c.
var configLine = regexp.MustCompile(`^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$`)

// maxConfigLine bounds a line, in bytes: make and the C compiler take far longer
// strings than anybody gives an option.
const maxConfigLine = 1 << 20

// ReadConfig returns the options that a .config or a fragment sets; "n" stands
// for "is not set".
func ReadConfig(file string) (map[string]string, error) {
	f, err := infile.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	options := make(map[string]string)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxConfigLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		m := configLine.FindStringSubmatch(line)
		switch {
		case m == nil && line != "" && !strings.HasPrefix(line, "#"):
			return nil, fmt.Errorf("%s:%d: %q is neither CONFIG_NAME=value nor '# CONFIG_NAME is not set'", file, n, line)
		case m == nil:
		case m[1] != "":
			options[m[1]] = m[2]
		default:
			options[m[3]] = "n"
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: the line has more than %d bytes, expected CONFIG_NAME=value", file, n+1, maxConfigLine)
	}
	return options, lines.Err()
}
