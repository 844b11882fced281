/* SPDX-License-Identifier: GPL-2.0 */
#define ODD "its package's name is odd"
