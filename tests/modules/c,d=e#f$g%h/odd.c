// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>
#include "odd.h"

static int __init odd_init(void)
{
	pr_info("odd: " ODD "\n");
	return 0;
}

static void __exit odd_exit(void)
{
}

module_init(odd_init);
module_exit(odd_exit);
MODULE_DESCRIPTION("From a package whose name make cannot handle");
MODULE_LICENSE("GPL");
