// SPDX-License-Identifier: Apache-2.0

package symvers

import (
	"strings"
	"testing"
)

const (
	gki    = "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n0x4c416eb9\tcrc7_be\tlib/crc7\tEXPORT_SYMBOL\t\n"
	vendor = "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n0x00000007\tvendor_on\tdrivers/vendor/on\tEXPORT_SYMBOL_GPL\tVENDOR\n"
)

func TestJoin(t *testing.T) {
	got, err := Join(File{"gki", []byte(gki)}, File{"vendor", []byte(vendor)})
	want := gki + "0x00000007\tvendor_on\tdrivers/vendor/on\tEXPORT_SYMBOL_GPL\tVENDOR\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if got, err := Join(File{"gki", []byte(gki)}); err != nil || string(got) != gki {
		t.Errorf("one alone: got %q, %v; want it as it is", got, err)
	}
}

func TestJoinErrors(t *testing.T) {
	tests := []struct {
		name  string
		files []File
		want  string
	}{
		{"none", nil, "no Module.symvers was given"},
		{"one empty", []File{{"gki", []byte(gki)}, {"vendor", nil}}, "vendor: it is empty, expected a line for each exported symbol; build the kernel's 'modules' goal too (Kleaf: \"modules\" in make_goals"},
		{"CRC", []File{{"gki", []byte(gki)}, {"vendor", []byte(strings.Replace(vendor, "0x92997ed8", "0x1", 1))}},
			"symbol _printk has the CRC 0x92997ed8 in gki and 0x00000001 in vendor"},
		{"module", []File{{"gki", []byte(gki)}, {"vendor", []byte(strings.Replace(vendor, "vmlinux", "drivers/printk", 1))}},
			"symbol _printk is exported by vmlinux in gki and by drivers/printk in vendor"},
		{"export", []File{{"gki", []byte(gki)}, {"vendor", []byte(strings.Replace(vendor, "EXPORT_SYMBOL\t", "EXPORT_SYMBOL_GPL\t", 1))}},
			"symbol _printk is exported with EXPORT_SYMBOL in gki and with EXPORT_SYMBOL_GPL in vendor"},
		{"namespace", []File{{"gki", []byte(gki)}, {"vendor", []byte(strings.Replace(vendor, "EXPORT_SYMBOL\t", "EXPORT_SYMBOL\tNS", 1))}},
			`symbol _printk is in the namespace "" in gki and in "NS" in vendor`},
		{"modules only", []File{{"vendor", []byte("0x1\ta\tdrivers/a\tEXPORT_SYMBOL\t\n")}}, "vendor: it has no symbol of vmlinux among its 1"},
	}
	for _, tt := range tests {
		if _, err := Join(tt.files...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v; want an error with %q", tt.name, err, tt.want)
		}
	}
}
