// SPDX-License-Identifier: Apache-2.0
#include <linux/lab_sensor.h>
#include <linux/types.h>

// What the kernel of this device, and no other, has an ioctl for.
__u32 lab_sensor_version(void) { return LAB_SENSOR_VERSION; }
