/* SPDX-License-Identifier: GPL-2.0 */
#define VENDOR_VERSION 1
