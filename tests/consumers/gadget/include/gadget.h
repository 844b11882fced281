/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GADGET_H
#define GADGET_H

int gadget_sum(int a, int b);

#endif
