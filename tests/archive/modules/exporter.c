// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/module.h>

int exporter_answer(int question);

int exporter_answer(int question)
{
	return question * 6;
}
EXPORT_SYMBOL_GPL(exporter_answer);

static int __init exporter_init(void)
{
	pr_info("exporter: here\n");
	return 0;
}

static void __exit exporter_exit(void)
{
}

module_init(exporter_init);
module_exit(exporter_exit);
MODULE_DESCRIPTION("Exports a symbol");
MODULE_LICENSE("GPL");
