// SPDX-License-Identifier: GPL-2.0
/* A vendor's module: it uses what abi_symbollist has, and nothing else. */

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

static int __init hello_init(void)
{
	pr_info("hello: built from this kernel's own archive\n");
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("hello: gone\n");
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_DESCRIPTION("A module for a kernel with few exports");
MODULE_LICENSE("GPL");
