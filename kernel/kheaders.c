// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel headers for those who ask for them, in /sys/kernel/kheaders.tar.xz.
 *
 * Takes the place of kernel/kheaders.c. With CONFIG_IKHEADERS=y the archive lies
 * in init memory and is kept only when "kheaders" is on the kernel's command
 * line; without the argument its pages are given back with the rest of init
 * memory, and there is no file. As a module, external ones included, it is there
 * while the module is loaded.
 */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#ifdef MODULE
#define KHEADERS_SECTION ".rodata1"
#else
/*
 * Only __init code may name the two symbols: after free_initmem() they point to
 * memory that belongs to somebody else.
 */
#define KHEADERS_SECTION ".init.rodata"
#endif

asm (
"	.pushsection " KHEADERS_SECTION ", \"a\"	\n"
"	.global kernel_headers_data		\n"
"kernel_headers_data:				\n"
"	.incbin \"kernel/kheaders_data.tar.xz\"	\n"
"	.global kernel_headers_data_end		\n"
"kernel_headers_data_end:			\n"
"	.popsection				\n"
);

extern const char kernel_headers_data[];
extern const char kernel_headers_data_end[];

#ifdef __BIN_ATTR_SIMPLE_RO
static struct bin_attribute kheaders_attr __ro_after_init =
	__BIN_ATTR_SIMPLE_RO(kheaders.tar.xz, 0444);
#else
static ssize_t kheaders_read(struct file *file, struct kobject *kobj,
			     struct bin_attribute *attr, char *buf,
			     loff_t off, size_t len)
{
	memcpy(buf, attr->private + off, len);
	return len;
}

static struct bin_attribute kheaders_attr __ro_after_init = {
	.attr = {
		.name = "kheaders.tar.xz",
		.mode = 0444,
	},
	.read = kheaders_read,
};
#endif

#ifdef MODULE

static int __init kheaders_init(void)
{
	kheaders_attr.private = (void *)kernel_headers_data;
	kheaders_attr.size = kernel_headers_data_end - kernel_headers_data;
	return sysfs_create_bin_file(kernel_kobj, &kheaders_attr);
}
module_init(kheaders_init);

static void __exit kheaders_exit(void)
{
	sysfs_remove_bin_file(kernel_kobj, &kheaders_attr);
}
module_exit(kheaders_exit);

MODULE_LICENSE("GPL v2");
MODULE_DESCRIPTION("The headers of the running kernel");

#else /* !MODULE */

static bool kheaders_wanted __initdata;

static int __init kheaders_setup(char *value)
{
	kheaders_wanted = true;
	return 1;
}
__setup("kheaders", kheaders_setup);

static int __init kheaders_init(void)
{
	size_t size = kernel_headers_data_end - kernel_headers_data;
	void *copy;
	int err;

	if (!kheaders_wanted)
		return 0;
	copy = vmalloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, kernel_headers_data, size);
	kheaders_attr.private = copy;
	kheaders_attr.size = size;
	err = sysfs_create_bin_file(kernel_kobj, &kheaders_attr);
	if (err)
		vfree(copy);
	return err;
}
/* Before free_initmem(), after kernel_kobj. */
late_initcall(kheaders_init);

#endif /* MODULE */
