// SPDX-License-Identifier: Apache-2.0

package kmake

import "syscall"

// dropDACOverride takes CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (1 and 2,
// include/uapi/linux/capability.h) out of the calling thread's bounding set
// (prctl(2), PR_CAPBSET_DROP), so that programs it starts do not get them.
// Failing means that the caller may not drop them; the check that the source
// is unchanged still stands.
func dropDACOverride() {
	const prCapbsetDrop = 24
	for capability := uintptr(1); capability <= 2; capability++ {
		syscall.RawSyscall(syscall.SYS_PRCTL, prCapbsetDrop, capability, 0)
	}
}
