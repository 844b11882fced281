// SPDX-License-Identifier: Apache-2.0

package xz

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/rules-kheaders/rules_kheaders/internal/cli/memory"
)

// NewReader returns a reader of the decoded bytes of an .xz file by any
// writer: several streams, padding between them, blocks that do not give
// their sizes, any check that xz-utils makes, the filters for x86, ARM64 and RISC-V that
// kernels are compressed with. Other filters, and dictionaries that [memory.TakeDictionary] refuses,
// are errors. The size of the output is
// for the caller to bound. A file that does not begin as an .xz file does is
// reported here, everything else by Read.
func NewReader(r io.Reader) (io.Reader, error) {
	f := &fileReader{in: &counter{r: bufio.NewReaderSize(r, readSize)}}
	magic, err := f.in.r.Peek(len(Magic))
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read xz file: %w", err)
	}
	if string(magic) != Magic {
		return nil, fmt.Errorf("read xz file: it begins with %q: expected %q", magic, Magic)
	}
	if err := f.streamHeader(); err != nil {
		return nil, fmt.Errorf("read xz file: %w", err)
	}
	return f, nil
}

// maxRecords bounds the blocks of a stream, of which each is remembered.
const maxRecords = 1 << 18

// readSize is how much of a file is read ahead of its decoder, in bytes.
const readSize = 64 << 10

// counter counts what is read, for the Unpadded Size and the alignment.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// full reads n bytes that have to be there.
func (c *counter) full(n int64) ([]byte, error) {
	p := make([]byte, n)
	if _, err := io.ReadFull(c, p); err != nil {
		return nil, truncated(err)
	}
	return p, nil
}

func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("file is truncated: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// fileReader decodes a whole file. Between blocks, dec is nil.
type fileReader struct {
	in      *counter
	check   byte
	hash    hash.Hash // nil where the stream has no check
	records []record  // of the blocks read so far in this stream
	err     error

	dec     io.Reader
	header  blockHeader
	start   int64 // of the block's header
	size    int64 // of the block's header
	decoded int64 // bytes of the block
}

func (f *fileReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, f.err
	}
	for f.err == nil {
		n, err := f.read(p)
		if err != nil && err != io.EOF {
			err = fmt.Errorf("read xz file: %w", err)
		}
		f.err = err
		if n > 0 {
			return n, nil
		}
	}
	return 0, f.err
}

// read does the next step, which may yield nothing; io.EOF ends the file.
func (f *fileReader) read(p []byte) (int, error) {
	if f.dec == nil {
		return 0, f.next()
	}
	n, err := f.dec.Read(p)
	f.decoded += int64(n)
	if f.hash != nil {
		f.hash.Write(p[:n])
	}
	if f.header.uncompressed >= 0 && f.decoded > f.header.uncompressed {
		return 0, fmt.Errorf("block decodes to more than the %d bytes declared", f.header.uncompressed)
	}
	if err == io.EOF {
		err = f.endBlock()
	}
	return n, truncated(err)
}

// next reads the header of a block, or the index and what follows it.
func (f *fileReader) next() error {
	f.start = f.in.n
	first, err := f.in.ReadByte()
	if err != nil {
		return truncated(err)
	}
	if first == 0 {
		if err := f.index(); err != nil {
			return err
		}
		return f.nextStream()
	}
	f.size = (int64(first) + 1) * 4
	h, err := f.in.full(f.size - 1)
	if err != nil {
		return err
	}
	if f.header, err = parseBlockHeader(append([]byte{first}, h...)); err != nil {
		return err
	}
	dict := DictSize(f.header.dictProp)
	if f.header.uncompressed >= 0 {
		dict = min(dict, f.header.uncompressed)
	}
	if err := memory.TakeDictionary(dict); err != nil {
		return err
	}
	if len(f.records) == maxRecords {
		return fmt.Errorf("stream has more than %d blocks", maxRecords)
	}
	f.decoded = 0
	f.dec = newDecoder(f.in, dict)
	switch f.header.filter {
	case filterX86:
		f.dec = newX86Reader(f.dec, f.header.filterStart)
	case filterARM64:
		f.dec = &filterReader{in: f.dec, at: f.header.filterStart, undo: undoARM64}
	case filterRISCV:
		f.dec = &filterReader{in: f.dec, at: f.header.filterStart, undo: undoRISCV}
	}
	return nil
}

// endBlock checks what follows the compressed data of a block (3.3, 3.4).
func (f *fileReader) endBlock() error {
	compressed := f.in.n - f.start - f.size
	if f.header.compressed >= 0 && f.header.compressed != compressed {
		return fmt.Errorf("block has %d bytes of compressed data, %d declared", compressed, f.header.compressed)
	}
	if f.header.uncompressed >= 0 && f.header.uncompressed != f.decoded {
		return fmt.Errorf("block decodes to %d bytes, %d declared", f.decoded, f.header.uncompressed)
	}
	padding, err := f.in.full(roundUp4(compressed) - compressed)
	if err != nil {
		return err
	}
	if len(bytes.Trim(padding, "\x00")) > 0 {
		return errors.New("padding after the compressed data is not zero")
	}
	unpadded := f.size + compressed
	if f.hash != nil {
		sum, err := f.in.full(int64(f.hash.Size()))
		if err != nil {
			return err
		}
		if !bytes.Equal(sum, checkSum(f.hash)) {
			return errors.New("block is damaged: its check is wrong")
		}
		unpadded += int64(f.hash.Size())
		f.hash.Reset()
	}
	f.records = append(f.records, record{unpadded, f.decoded})
	f.dec = nil
	return nil
}

// checkSum returns the sum in the byte order of the format (3.4): little
// endian for the CRCs, which Go's hash.Hash gives big endian.
func checkSum(h hash.Hash) []byte {
	switch h := h.(type) {
	case hash.Hash32:
		return binary.LittleEndian.AppendUint32(nil, h.Sum32())
	case hash.Hash64:
		return binary.LittleEndian.AppendUint64(nil, h.Sum64())
	}
	return h.Sum(nil)
}

// index compares the Index (4), of which the indicator has been read, with the
// blocks that went before it, and reads the footer. As the blocks are known,
// so is the only Index that can be right.
func (f *fileReader) index() error {
	want := appendIndex(nil, f.records)
	got, err := f.in.full(int64(len(want)) - 1)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want[1:]) {
		return errors.New("index does not describe the blocks of its stream")
	}
	end, err := f.in.full(streamHeaderSize)
	if err != nil {
		return err
	}
	length, err := footer(end, f.check)
	if err != nil {
		return err
	}
	if length != int64(len(want)) {
		return fmt.Errorf("stream footer gives the index %d bytes: it has %d", length, len(want))
	}
	return nil
}

// streamHeader reads the header of a stream.
func (f *fileReader) streamHeader() error {
	h, err := f.in.full(streamHeaderSize)
	if err != nil {
		return err
	}
	if f.check, err = streamFlags(h); err != nil {
		return err
	}
	f.records = nil
	switch f.check {
	case 0:
		f.hash = nil
	case checkCRC32:
		f.hash = crc32.NewIEEE()
	case 4:
		f.hash = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		f.hash = sha256.New()
	default:
		return fmt.Errorf("check %d is not known: expected none, CRC32, CRC64 or SHA-256", f.check)
	}
	return nil
}

// nextStream skips padding (2.2) and reads the header of the stream that
// follows, or returns io.EOF at the end of the file.
func (f *fileReader) nextStream() error {
	for {
		word, err := f.in.r.Peek(4)
		if len(word) == 0 && err == io.EOF {
			return io.EOF
		}
		if err != nil {
			return truncated(err)
		}
		if binary.LittleEndian.Uint32(word) != 0 {
			return f.streamHeader()
		}
		if _, err := f.in.full(4); err != nil {
			return err
		}
	}
}
