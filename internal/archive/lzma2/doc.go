// SPDX-License-Identifier: Apache-2.0

// Package lzma2 compresses the content of an archive. It makes raw LZMA2 data,
// for the container of internal/archive/xz to frame.
//
// The data is divided into segments, which are compressed side by side: each
// begins with a reset of the state (control byte 0xc0), but not of the
// dictionary, so all see the text before them, and what that costs is next to
// nothing. The output is one stream that any decoder reads. It does not depend
// on the number of workers, nor on the machine.
package lzma2
