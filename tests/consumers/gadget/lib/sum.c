// SPDX-License-Identifier: GPL-2.0
#include <linux/export.h>
#include <gadget.h>

int gadget_sum(int a, int b)
{
	return a + b;
}
EXPORT_SYMBOL_GPL(gadget_sum);
