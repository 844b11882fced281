// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"slices"
	"strings"
	"testing"

	"github.com/rules-kheaders/rules_kheaders/internal/headers/tree/treetest"
)

func TestPick(t *testing.T) {
	const bin = "bazel-out/k8-fastbuild/bin/common/"
	file := treetest.Tar{Gzip: true}.Write(t, treetest.Files{
		bin + "kernel_aarch64/include/config/kernel.release":                 "6.12.23-android16-5\n",
		bin + "kernel_aarch64/Module.symvers":                                "0x1\tf\tvmlinux\tEXPORT_SYMBOL\t\n",
		bin + "kernel_aarch64/kernel_aarch64_Module.symvers":                 "0x2\tf\tvmlinux\tEXPORT_SYMBOL\t\n",
		bin + "kernel_aarch64_modules_prepare/modules_prepare_outdir.tar.gz": "tar",
		bin + "a/same":  "x",
		bin + "b/same":  "x",
		bin + "a/other": "x",
		bin + "b/other": "y",
		"top":           "z",
	})
	for _, tt := range []struct {
		ends []string
		want []string
		err  string
	}{
		{[]string{"/include/config/kernel.release", "/Module.symvers"}, []string{"6.12.23-android16-5\n", "0x1\tf\tvmlinux\tEXPORT_SYMBOL\t\n"}, ""},
		{[]string{"/modules_prepare_outdir.tar.gz", "/same", "/top"}, []string{"tar", "x", "z"}, ""},
		{[]string{"/same", "/.config"}, nil, "pick */.config from " + file + ": it has no such file; expected NAME_filegroup_decl.tar.gz"},
		{[]string{"/other"}, nil, bin + "a/other and " + bin + "b/other differ; expected one such file"},
	} {
		picked, err := Pick(file, tt.ends)
		var got []string
		for _, p := range picked {
			got = append(got, string(p))
		}
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) || !slices.Equal(got, tt.want) {
			t.Errorf("Pick(%q) = %q, %v; want %q, %q", tt.ends, got, err, tt.want, tt.err)
		}
	}
}
