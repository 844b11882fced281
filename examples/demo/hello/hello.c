// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>
#include <linux/utsname.h>

static int __init hello_init(void)
{
	pr_info("hello: built from this kernel's own archive, running on %s\n", init_utsname()->release);
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("hello: gone\n");
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_DESCRIPTION("Says hello from a module built from the kernel's own archive");
MODULE_LICENSE("GPL");
