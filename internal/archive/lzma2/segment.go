// SPDX-License-Identifier: Apache-2.0

package lzma2

import "encoding/binary"

// Limits of an LZMA2 chunk (xz's lzma2_encoder.h), in bytes.
const (
	maxChunkData    = 1 << 16
	maxChunkDecoded = 1 << 21
	// operationRoom is more than an operation and the end of the range coder
	// can add to a chunk.
	operationRoom = 64
)

// Control bytes of a chunk (liblzma's lzma2_decoder.c).
const (
	controlEnd         = 0x00
	controlStoredReset = 0x01 // stored, after a reset of the dictionary
	controlStored      = 0x02
	controlContinue    = 0x80
	controlState       = 0xa0 // reset of the state
	controlProperties  = 0xc0 // that, and new properties
	controlDictionary  = 0xe0 // all that, and a reset of the dictionary
)

// parser divides a segment into operations.
type parser interface {
	// next returns operations for the bytes from at on, one or more. They are
	// valid until the next call.
	next(c *coder, at int) []operation
}

// encodeSegment appends the chunks of text[at:end]. They begin with a reset of
// the state, so that no other segment need be known, and with one of the
// dictionary if this is the first of all; later ones use what came before.
func encodeSegment(dst []byte, c *coder, p parser, text []byte, at, end int, first bool) []byte {
	control := byte(controlProperties)
	if first {
		control = controlDictionary
	}
	c.resetState()
	var ops []operation
	for at < end {
		start := at
		c.rc.reset()
		for at < end {
			if len(ops) == 0 {
				ops = p.next(c, at)
			}
			op := ops[0]
			if c.rc.length() > maxChunkData-operationRoom || at+int(op.len)-start > maxChunkDecoded {
				break
			}
			c.encode(text, at, op)
			at += int(op.len)
			ops = ops[1:]
		}
		c.rc.finish()
		n, data := at-start, c.rc.out
		if len(data) < n {
			dst = append(dst, control|byte((n-1)>>16))
			dst = binary.BigEndian.AppendUint16(dst, uint16(n-1))
			dst = binary.BigEndian.AppendUint16(dst, uint16(len(data)-1))
			if control >= controlProperties {
				dst = append(dst, properties)
			}
			dst = append(dst, data...)
			control = controlContinue
			continue
		}
		// It is no longer than a chunk's data can be, so it is one chunk.
		stored := byte(controlStored)
		if control == controlDictionary {
			stored, control = controlStoredReset, controlProperties
		}
		dst = binary.BigEndian.AppendUint16(append(dst, stored), uint16(n-1))
		dst = append(dst, text[start:at]...)
		c.resetState()
		control = max(control, controlState)
		ops = nil // they were for another state
	}
	return dst
}
