// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

static int times = 3;
module_param(times, int, 0444);
MODULE_PARM_DESC(times, "how often to blink");

static int __init blink_init(void)
{
	pr_info("blink: %d times\n", times);
	return 0;
}

static void __exit blink_exit(void)
{
	pr_info("blink: gone\n");
}

module_init(blink_init);
module_exit(blink_exit);
MODULE_DESCRIPTION("A vendor's module");
MODULE_LICENSE("GPL");
