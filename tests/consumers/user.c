// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>
#include "gadget/include/gadget.h"

static int __init user_init(void)
{
	pr_info("user: 20 and 22 are %d\n", gadget_sum(20, 22));
	return 0;
}

static void __exit user_exit(void)
{
}

module_init(user_init);
module_exit(user_exit);
MODULE_DESCRIPTION("Uses an export of a module of another target");
MODULE_LICENSE("GPL");
