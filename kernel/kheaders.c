// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's headers, on request, in /sys/kernel/kheaders.tar.xz.
 *
 * It replaces the file of this name in kernel/. With CONFIG_IKHEADERS=y the
 * archive is in init memory, and "kheaders" on the kernel's command line keeps a
 * copy; "kheaders=0", or no argument, gives its pages back with the rest of init
 * memory, and there is no file. In a module, external ones included, the archive
 * is there while the module is loaded.
 */

#define pr_fmt(fmt) "kheaders: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
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

asm(".pushsection " KHEADERS_SECTION ", \"a\"\n"
	".global kernel_headers_data\n"
	"kernel_headers_data:\n"
	".incbin \"kernel/kheaders_data.tar.xz\"\n"
	".global kernel_headers_data_end\n"
	"kernel_headers_data_end:\n"
	".popsection\n");

/* No header can declare what the assembly above defines. */
#define KHEADERS_SYMBOL(name) extern const char name[]

KHEADERS_SYMBOL(kernel_headers_data);
KHEADERS_SYMBOL(kernel_headers_data_end);

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

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The headers of the running kernel");

#else /* !MODULE */

/* kstrtobool() reads the value: "kheaders" alone is "kheaders=y". */
static bool kheaders_wanted __initdata;
core_param(kheaders, kheaders_wanted, bool, 0);

static int __init kheaders_init(void)
{
	size_t size = kernel_headers_data_end - kernel_headers_data;
	void *copy;
	int err;

	if (!kheaders_wanted)
		return 0;

	copy = vmalloc(size);
	if (!copy) {
		err = -ENOMEM;
		goto fail;
	}
	memcpy(copy, kernel_headers_data, size);

	kheaders_attr.private = copy;
	kheaders_attr.size = size;
	err = sysfs_create_bin_file(kernel_kobj, &kheaders_attr);
	if (!err)
		return 0;

	kheaders_attr.private = NULL;
	kheaders_attr.size = 0;
	vfree(copy);
fail:
	pr_err("cannot keep the archive of %zu bytes: %d\n", size, err);
	return err;
}

/* Before free_initmem(), after kernel_kobj. */
late_initcall(kheaders_init);

#endif /* MODULE */
