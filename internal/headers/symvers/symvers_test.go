// SPDX-License-Identifier: Apache-2.0

package symvers

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

const good = "0x4c416eb9\tLZ4_decompress\tlib/lz4/lz4_decompress\tEXPORT_SYMBOL\t\n" +
	"0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n" +
	"0x00000000\tmemcpy\tvmlinux\tEXPORT_SYMBOL_GPL\tCRYPTO_INTERNAL\n"

func TestParse(t *testing.T) {
	got, err := Parse("Module.symvers", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	want := []Symbol{
		{0x4c416eb9, "LZ4_decompress", "lib/lz4/lz4_decompress", "EXPORT_SYMBOL", ""},
		{0x92997ed8, "_printk", "vmlinux", "EXPORT_SYMBOL", ""},
		{0, "memcpy", "vmlinux", "EXPORT_SYMBOL_GPL", "CRYPTO_INTERNAL"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	old, err := Parse("Module.symvers", []byte("0x1\ta\tvmlinux\tEXPORT_UNUSED_SYMBOL\t\n"))
	if err != nil || len(old) != 1 || old[0].Export != "EXPORT_UNUSED_SYMBOL" {
		t.Errorf("export of 5.10: got %+v, %v", old, err)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "s: it is empty"},
		{"blank", "\n\n", "s: it is empty"},
		{"truncated", good + "0x1234", "s:4: the last line has no end"},
		{"fields", good + "0x1 a vmlinux EXPORT_SYMBOL\n", "s:4: got 1 fields, expected 5"},
		{"three fields", "0x1\ta\tvmlinux\n", "s:1: got 3 fields"},
		{"four fields", good + "0x1\ta\tvmlinux\tEXPORT_SYMBOL\n", "s:4: got 4 fields, expected 5 (CRC, symbol, module, export, namespace) with tabs between; a tab comes before an empty namespace too"},
		{"six fields", "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\t\n", "s:1: got 6 fields"},
		{"blank line", good + "\n" + good, "s:4: got 1 fields"},
		{"CRC", "1234\ta\tvmlinux\tEXPORT_SYMBOL\t\n", `s:1: got "1234", expected a CRC`},
		{"long CRC", "0x123456789\ta\tvmlinux\tEXPORT_SYMBOL\t\n", "expected a CRC"},
		{"no symbol", "0x1\t\tvmlinux\tEXPORT_SYMBOL\t\n", "s:1: the symbol's or the module's name is empty"},
		{"no module", "0x1\ta\t\tEXPORT_SYMBOL\t\n", "s:1: the symbol's or the module's name is empty"},
		{"blank in a name", "0x1\ta b\tvmlinux\tEXPORT_SYMBOL\t\n", `s:1: got "a b", expected a name`},
		{"DOS line ends", "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\r\n", `s:1: got "\r", expected a name`},
		{"old order", "0x1\ta\tNS\tvmlinux\tEXPORT_SYMBOL\n", `s:1: symbol a: got "vmlinux", expected EXPORT_SYMBOL`},
		{"twice", good + "0x1\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n", "s:4: symbol _printk is listed twice, first in line 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse("s", []byte(tt.in))
			if err == nil || !strings.HasPrefix(err.Error(), "s:") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
	if _, err := Parse("s", nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
}

func TestCheck(t *testing.T) {
	vmlinux := Symbol{CRC: 1, Name: "a", Module: Vmlinux, Export: "EXPORT_SYMBOL"}
	noCRC := vmlinux
	noCRC.CRC = 0
	module := vmlinux
	module.Module = "lib/crc7"
	tests := []struct {
		name        string
		symbols     []Symbol
		modversions bool
		want        string
	}{
		{"good", []Symbol{vmlinux, noCRC}, true, ""},
		{"no CRCs, none asked for", []Symbol{noCRC}, false, ""},
		{"no CRCs", []Symbol{noCRC, noCRC}, true, "all 2 CRCs are 0x00000000"},
		{"modules only", []Symbol{module}, true, "no symbol of vmlinux among its 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check("out/Module.symvers", tt.symbols, tt.modversions)
			if tt.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "out/Module.symvers: ") || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("0x1\ta\tvmlinux\tEXPORT_SYMBOL\n"))
	f.Add([]byte("\t\t\t\t\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		symbols, err := Parse("s", p)
		if err != nil {
			if symbols != nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %d symbols with error %q, want none and one line", len(symbols), err)
			}
			return
		}
		if got, want := len(symbols), strings.Count(string(p), "\n"); got != want {
			t.Errorf("got %d symbols, want one for each of %d lines", got, want)
		}
	})
}
