/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/linkage.h>

SYM_FUNC_START(gadget_answer)
	movl	$CONFIG_GADGET_ANSWER, %eax
	RET
SYM_FUNC_END(gadget_answer)
