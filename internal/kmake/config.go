// SPDX-License-Identifier: Apache-2.0

package kmake

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// "CONFIG_X=y" or "# CONFIG_X is not set": scripts/kconfig/confdata.c.
var configLine = regexp.MustCompile(`^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$`)

// ReadConfig returns the options that a .config or a fragment sets; "n" stands
// for "is not set".
func ReadConfig(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	options := make(map[string]string)
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
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
	return options, lines.Err()
}
