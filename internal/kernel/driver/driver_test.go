// SPDX-License-Identifier: Apache-2.0

package driver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drivers are written as those of Debian's dkms packages are.
var drivers = []struct {
	name  string
	files map[string]string
	want  string // the BUILD.bazel, or what the error has
}{
	{"one module", map[string]string{
		"Makefile": "obj-m := blink.o\nblink-objs := main.o ring.o\n", "main.c": "", "ring.c": "",
	}, `load("@rules_kheaders//rules:defs.bzl", "kernel_module")

kernel_module(
    name = "blink",
    srcs = glob(
        ["**"],
        exclude = [
            "BUILD",
            "BUILD.bazel",
            "debian/**",
            "dkms.conf",
        ],
    ),
    archive = "@device//:archive",
)
`},
	{"counted indices, conditions and a shell's choice, as lttng-modules", map[string]string{
		"Makefile": "ifneq ($(KERNELRELEASE),)\nobj-$(CONFIG_TRACE) += src/\nendif\n",
		"src/Kbuild": "obj-$(CONFIG_TRACE) += trace.o\nobj-$(CONFIG_TRACE) += $(shell \\\n  if [ $(VERSION) -ge 4 ] ; then \\\n    echo \"probe.o\" ; fi;)\n" +
			"obj-$(CONFIG_TRACE) += $(shell if [ $(VERSION) -lt 4 ] ; then echo \"old.o\" ; fi;)\nifneq ($(CONFIG_KVM),)\nobj-$(CONFIG_TRACE) += kvm.o\nendif\n",
		"dkms.conf": "PACKAGE_NAME=\"trace\"\ni=0\nMAKE[$i]=\"make -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/1/build modules CONFIG_TRACE=m\"\n" +
			"BUILT_MODULE_NAME[$i]=\"trace\"\nBUILT_MODULE_LOCATION[$i]=\"src/\"\ni=$((i+1))\n" +
			"if [ -n \"$CONFIG_KVM\" ]; then\n  BUILT_MODULE_NAME[$i]=\"kvm\"\n  BUILT_MODULE_LOCATION[$i]=\"src/\"\n  i=$((i+1))\nfi\n" +
			"BUILT_MODULE_NAME[$i]=\"probe\"\nBUILT_MODULE_LOCATION[$i]=\"src/\"\ni=$((i+1))\n",
	}, `load("@rules_kheaders//rules:defs.bzl", "kernel_module")

kernel_module(
    name = "trace",
    srcs = glob(
        ["**"],
        exclude = [
            "BUILD",
            "BUILD.bazel",
            "debian/**",
            "dkms.conf",
        ],
    ),
    archive = "@device//:archive",
    config = {"CONFIG_TRACE": "m"},
    modules = [
        "src/probe.ko",
        "src/trace.ko",
    ],
)
`},
	{"the directory that dkms builds in, as xtables-addons", map[string]string{
		"mconfig":           "build_A=m\n",
		"extensions/Kbuild": "include ${TOP}/mconfig\nobj-${build_A} += xt_A.o\n",
		"extensions/xt_A.c": "",
		"dkms.conf": "PACKAGE_NAME=\"xt\"\nPACKAGE_VERSION=\"3\"\nBDIR=\"$dkms_tree/${PACKAGE_NAME}/${PACKAGE_VERSION}/build\"\n" +
			"MAKEARGS=\"-C $kernel_source_dir M=${BDIR}/extensions TOP=${BDIR} ELSEWHERE=$source_tree\"\nMAKE=\"make ${MAKEARGS} modules ; find ${BDIR} -name '*.ko' -exec mv {} ${BDIR} \\;\"\n" +
			"BUILT_MODULE_NAME[0]=\"xt_A\"\n",
	}, `load("@rules_kheaders//rules:defs.bzl", "kernel_module")

kernel_module(
    name = "xt",
    srcs = glob(
        ["**"],
        exclude = [
            "BUILD",
            "BUILD.bazel",
            "debian/**",
            "dkms.conf",
        ],
    ),
    archive = "@device//:archive",
    make_variables = {
        "TOP": "$(M)/..",
        "build_A": "m",
    },
    modules = ["xt_A.ko"],
)
`},
	{"directories, as ddcci", map[string]string{
		"Makefile":    "all:\n\t$(MAKE) -C a\n",
		"a/Makefile":  "obj-m := one.o\n",
		"b/Makefile":  "obj-$(CONFIG_TWO) += two.o\n",
		"dkms.conf":   "PACKAGE_NAME=\"pair\"\nBUILT_MODULE_NAME[0]=\"two\"\nBUILT_MODULE_LOCATION[0]=\"b/\"\nBUILT_MODULE_NAME[1]=\"one\"\nMAKE[0]=\"make KVER=$kernelver HDAPS=1\"\n",
		"b/two.c":     "",
		"a/one.c":     "",
		"debian/x":    "",
		"BUILD.bazel": "# Kept.\n\nload(\"@rules_kheaders//rules:defs.bzl\", \"bpf_object\")\n\nkernel_module(name = \"one\", srcs = [])\n\nbpf_object(name = \"three\")\n",
	}, `# Kept.

load("@rules_kheaders//rules:defs.bzl", "bpf_object", "kernel_module")

bpf_object(name = "three")

kernel_module(
    name = "two",
    srcs = glob(
        ["**"],
        exclude = [
            "BUILD",
            "BUILD.bazel",
            "Makefile",
            "a/Makefile",
            "debian/**",
            "dkms.conf",
        ],
    ),
    archive = "@device//:archive",
    config = {"CONFIG_TWO": "m"},
    make_variables = {"HDAPS": "1"},
)

kernel_module(
    name = "one",
    srcs = glob(
        ["**"],
        exclude = [
            "BUILD",
            "BUILD.bazel",
            "Makefile",
            "b/Makefile",
            "debian/**",
            "dkms.conf",
        ],
    ),
    archive = "@device//:archive",
    make_variables = {"HDAPS": "1"},
    deps = [":two"],
)
`},
	{"names by functions", map[string]string{
		"Kbuild":   "NAMES = x y\nobj-m += $(addsuffix .o,$(NAMES)) $(patsubst %,sub-%.o,z)\nSUB := sub\nobj-y += $(SUB)/\n",
		"Makefile": "obj-m := never.o\n", "sub/Kbuild": "obj-$(DEEP) += deep.o\n",
	}, `    make_variables = {"DEEP": "m"},
    modules = [
        "sub-z.ko",
        "sub/deep.ko",
        "x.ko",
        "y.ko",
    ],
`},
	{"nothing", map[string]string{"README": ""}, "it has no Kbuild file and no Makefile; expected a driver's directory"},
	{"no module", map[string]string{"Makefile": "all:\n\ttrue\n"}, "names a module of its own (obj-m); write the target by hand"},
	{"a module of dkms.conf's alone", map[string]string{"Makefile": "obj-m := a.o\n", "dkms.conf": "BUILT_MODULE_NAME[0]=a\nBUILT_MODULE_NAME[1]=b\n"},
		"dkms.conf has the module b, which no Kbuild file or Makefile in it names"},
	{"no module of dkms.conf's", map[string]string{"Makefile": "obj-m := a.o\n", "dkms.conf": "BUILT_MODULE_NAME[0]=b\n"}, "write the target by hand"},
}

func TestImport(t *testing.T) {
	for _, tt := range drivers {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "blink")
			for name, content := range tt.files {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			targets, err := Read(dir)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			// The second time nothing changes.
			for range 2 {
				if err := Write(dir, "@device//:archive", targets); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join(dir, "BUILD.bazel"))
				if err != nil || !strings.Contains(string(got), tt.want) {
					t.Errorf("got %s, %v; want %s", got, err, tt.want)
				}
			}
		})
	}
}
