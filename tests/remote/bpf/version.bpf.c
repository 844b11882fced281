// SPDX-License-Identifier: GPL-2.0
// Gives the version of the kernel whose archive it was built from.
#include <linux/version.h>

__attribute__((section("socket"), used)) int version(void *context)
{
	return LINUX_VERSION_CODE;
}

char _license[] __attribute__((section("license"), used)) = "GPL";
