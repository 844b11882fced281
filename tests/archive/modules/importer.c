// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

int exporter_answer(int question);

static int __init importer_init(void)
{
	pr_info("importer: the answer is %d\n", exporter_answer(7));
	return 0;
}

static void __exit importer_exit(void)
{
}

module_init(importer_init);
module_exit(importer_exit);
MODULE_DESCRIPTION("Uses what exporter exports");
MODULE_LICENSE("GPL");
