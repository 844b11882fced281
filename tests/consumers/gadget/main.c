// SPDX-License-Identifier: GPL-2.0
// A parameter, which sysfs shows, and a file of its own in sysfs.
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sysfs.h>
#include <gadget.h>
#include "lib/private.h"

static int step = 1;
module_param(step, int, 0644);
MODULE_PARM_DESC(step, "what each reading of /sys/kernel/gadget/count adds");

static struct kobject *gadget;
static int count;

static ssize_t count_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	count = gadget_sum(count, step);
	return sysfs_emit(buf, "%d\n", count);
}

static struct kobj_attribute count_attribute = __ATTR_RO(count);

static int __init gadget_init(void)
{
	int err;

	gadget = kobject_create_and_add("gadget", kernel_kobj);
	if (!gadget)
		return -ENOMEM;
	err = sysfs_create_file(gadget, &count_attribute.attr);
	if (err) {
		kobject_put(gadget);
		return err;
	}
	pr_info("gadget: %s, answer %d, flag %d\n", CONFIG_GADGET_NAME, gadget_answer(), GADGET_FLAG);
	return 0;
}

static void __exit gadget_exit(void)
{
	kobject_put(gadget);
	pr_info("gadget: gone\n");
}

module_init(gadget_init);
module_exit(gadget_exit);
MODULE_DESCRIPTION("A module with a parameter, a file in sysfs and an export");
MODULE_LICENSE("GPL");
