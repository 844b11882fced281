// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/rules-kheaders/rules_kheaders/internal/archive/decompress"
)

// compressors write each of decompress.Formats.
var compressors = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
}

// compress returns a file that is one compressed.
func compress(t *testing.T, name, file string) string {
	t.Helper()
	p, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := compressors[name](&b)
	if err == nil {
		_, err = w.Write(p)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return temp(t, b.String())
}

// The same archive is made of compressed inputs, whatever their names are.
func TestCompressedInputs(t *testing.T) {
	o := options(t, sourceTree(), objectTree())
	o.Trees = []string{tarForm{}.write(t, sourceTree()), tarForm{prefix: "linux/"}.write(t, objectTree())}
	o.Lists = []string{temp(t, "include/linux/listed.h="+temp(t, "int listed;\n"))}
	o.Release = temp(t, "6.1.192-lab\n")
	_, want := pack(t, o)
	if len(compressors) != len(decompress.Formats) {
		t.Errorf("%d forms are tested, want %d", len(compressors), len(decompress.Formats))
	}
	for _, c := range decompress.Formats {
		zipped := o
		zipped.Symvers, zipped.Config, zipped.Release = compress(t, c.Name, o.Symvers), compress(t, c.Name, o.Config), compress(t, c.Name, o.Release)
		zipped.Lists = []string{compress(t, c.Name, o.Lists[0])}
		zipped.Trees = []string{compress(t, c.Name, o.Trees[0]), compress(t, c.Name, o.Trees[1])}
		if _, got := pack(t, zipped); !bytes.Equal(got, want) {
			t.Errorf("%s: got another archive, want the same", c.Name)
		}
	}
}

func TestCompressedErrors(t *testing.T) {
	config := temp(t, strings.Repeat("CONFIG_A=y\n", 1000))
	for _, c := range decompress.Formats {
		whole, err := os.ReadFile(compress(t, c.Name, config))
		if err != nil {
			t.Fatal(err)
		}
		half := temp(t, string(whole[:len(whole)/2]))
		if _, err := ReadFile(half); err == nil || !strings.Contains(err.Error(), "read "+half+": decode "+c.Name+": ") || !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%s cut short: got %v", c.Name, err)
		}
	}
	large := temp(t, "")
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(compress(t, "zstd", large)); err == nil || !strings.Contains(err.Error(), "decode zstd: it has more than 268435456 bytes") {
		t.Errorf("too large: got %v", err)
	}
}

// Releases of the field, and of the kernel's own rule.
func TestCheckRelease(t *testing.T) {
	long := "6.1.145-android14-11-00017-g1a2b3c4d5e6f-ab13891234-4k-debug-abc" // 64 characters
	for in, ok := range map[string]bool{
		"6.1.0": true, "6.12.0-rc7-next-20240711-lab": true, "5.15.0+": true, "7.2.13+deb14-amd64": true, "6.6.0-lab@home:1=2": true,
		"6.1.145-android14-11-00017-g1a2b3c4d5e6f-ab13891234-4k-debug":    true,
		"6.6.0-rc7-next-20240711-lab-00017-g1a2b3c4d5e6f-dirty-kasan-x86": true,
		long: true, long + "d": false,
		"": false, "6": false, "six": false, "6.1.0 lab": false, "6.1.0\nlab": false, "6.1.0/../x": false, "6.1.0\"": false, "6.1.0-ä": false,
	} {
		if err := checkRelease(in); (err == nil) != ok {
			t.Errorf("checkRelease(%q) of %d characters: got %v, want it accepted: %v", in, len(in), err, ok)
		}
	}
}
