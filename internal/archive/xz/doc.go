// SPDX-License-Identifier: Apache-2.0

// Package xz writes and reads the .xz container, as
// https://tukaani.org/xz/xz-file-format.txt 1.2.1 describes it.
//
// The writer knows one dialect: a single stream, CRC32 as the check (the one
// every small decoder verifies), and blocks with nothing but the LZMA2 filter
// that state both their sizes in their headers. [ParseStream] accepts exactly
// that dialect, so that AppendStream(nil, blocks) of what it returns is its
// input again. Files of other writers are read with [NewReader].
//
// The compressed bytes themselves come from elsewhere (internal/archive/lzma2) or are
// stored; this package only frames them.
package xz
