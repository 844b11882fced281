// SPDX-License-Identifier: Apache-2.0

package hugepage

import "syscall"

// advise asks for huge pages. It is a hint: a kernel that cannot only takes longer.
// madvise(2) wants whole pages, and a large Go slice begins with one.
func advise(p []byte) { syscall.Madvise(p, syscall.MADV_HUGEPAGE) }
