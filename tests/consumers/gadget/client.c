// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/module.h>
#include <gadget.h>

static int __init client_init(void)
{
	pr_info("gadget-client: 40 and 2 are %d, a module %d\n", gadget_sum(40, 2), IS_MODULE(CONFIG_GADGET_CLIENT));
	return 0;
}

static void __exit client_exit(void)
{
}

module_init(client_init);
module_exit(client_exit);
MODULE_DESCRIPTION("Uses an export of a module that is built with it");
MODULE_LICENSE("GPL");
