// SPDX-License-Identifier: GPL-2.0
#include <linux/crc7.h>
#include <linux/init.h>
#include <linux/module.h>

static int __init uses_crc7_init(void)
{
	static const u8 nine[] = "123456789";

	pr_info("uses_crc7: crc7 of 123456789 is %02x\n", crc7_be(0, nine, 9));
	return 0;
}

static void __exit uses_crc7_exit(void)
{
}

module_init(uses_crc7_init);
module_exit(uses_crc7_exit);
MODULE_DESCRIPTION("Uses an export of the in-tree module crc7");
MODULE_LICENSE("GPL");
