// SPDX-License-Identifier: Apache-2.0

package lzma2

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-kheaders/rules_kheaders/internal/xz"
)

// presetDicts are the dictionaries of xz -0 to -9 in bytes (xz(1), and
// liblzma's lzma_encoder_presets.c).
var presetDicts = [10]int64{256 << 10, 1 << 20, 2 << 20, 4 << 20, 4 << 20, 8 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20}

// optionNames are the options of xz --lzma2 beside preset and dict. Their
// values are left for xz to judge.
var optionNames = []string{"lc", "lp", "pb", "mode", "nice", "mf", "depth"}

// Presets are the settings for kernel headers, by name. Four literal context
// bits and no position bits suit text best.
var Presets = map[string]string{
	"default":  "6,lc=4,pb=0",
	"smallest": "9e,lc=4,pb=0",
}

// options is the value of xz --lzma2. The dictionary is always spelled out,
// because the block header has to say the same.
type options struct {
	preset string
	dict   int64  // bytes
	others string // each with a comma before it
}

func (o options) String() string {
	return fmt.Sprintf("preset=%s,dict=%d%s", o.preset, o.dict, o.others)
}

func parsePreset(s string) (options, error) {
	preset, rest, more := strings.Cut(cmp.Or(Presets[s], s), ",")
	digit, _ := strings.CutSuffix(preset, "e")
	if len(digit) != 1 || digit[0] < '0' || digit[0] > '9' {
		return options{}, fmt.Errorf("xz preset is %q: expected default, smallest, 0 to 9 or 0e to 9e, and then options such as ,dict=64MiB", s)
	}
	o := options{preset: preset, dict: presetDicts[digit[0]-'0']}
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(option, "=")
		switch {
		case name == "dict":
			dict, err := parseDict(value)
			if err != nil {
				return options{}, fmt.Errorf("xz preset %q: %w", s, err)
			}
			o.dict = dict
		case slices.Contains(optionNames, name) && value != "":
			o.others += "," + option
		default:
			return options{}, fmt.Errorf("xz preset %q: option %q is not known: expected dict, %s, each with a value", s, option, strings.Join(optionNames, ", "))
		}
	}
	return o, nil
}

// parseDict reads the size of a dictionary, and holds it to what small
// decoders can allocate.
func parseDict(s string) (int64, error) {
	digits, unit := s, int64(1)
	if d, ok := strings.CutSuffix(s, "KiB"); ok {
		digits, unit = d, 1<<10
	} else if d, ok := strings.CutSuffix(s, "MiB"); ok {
		digits, unit = d, 1<<20
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n*unit < 4<<10 || n*unit > xz.MaxDictionary {
		return 0, fmt.Errorf("dict is %q: expected 4KiB to %dMiB", s, xz.MaxDictionary>>20)
	}
	return n * unit, nil
}
