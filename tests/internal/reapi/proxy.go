// SPDX-License-Identifier: Apache-2.0

// Package reapi forwards the Remote Execution API to a server that speaks a later
// minor version of it than Bazel 7 asks for: Bazel 7 offers 2.0, Debian's buildbox
// answers that 2.1 is the lowest it knows, and either would understand the other.
//
// gRPC is HTTP/2 with the status in the trailers, and all but one answer is
// passed on as it comes, so net/http is enough.
package reapi

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"google.golang.org/protobuf/encoding/protowire"
)

const getCapabilities = "/build.bazel.remote.execution.v2.Capabilities/GetCapabilities"

// A Proxy is an http.Handler that forwards to one server.
type Proxy struct {
	transport http.Transport
	authority string
}

// New forwards to the server that listens at an address of a network, as for
// net.Dial: a Unix socket, too.
func New(network, address string) *Proxy {
	p := &Proxy{authority: address}
	if network == "unix" {
		p.authority = "localhost"
	}
	p.transport.Protocols = new(http.Protocols)
	p.transport.Protocols.SetUnencryptedHTTP2(true)
	p.transport.DisableCompression = true
	p.transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	return p
}

// Server is an HTTP/2 server, without TLS, for the proxy.
func (p *Proxy) Server() *http.Server {
	s := &http.Server{Handler: p, Protocols: new(http.Protocols)}
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}

// ServeHTTP forwards one call. Where the server cannot be reached, the caller is
// told that it is unavailable, which to a client means to try again.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.URL = &url.URL{Scheme: "http", Host: p.authority, Path: r.URL.Path}
	out.Host, out.RequestURI = p.authority, ""
	answer, err := p.transport.RoundTrip(out)
	if err != nil {
		w.Header().Set("Content-Type", "application/grpc")
		fail(w.Header(), err)
		w.WriteHeader(http.StatusOK)
		return
	}
	defer answer.Body.Close()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	var body io.Reader = answer.Body
	if r.URL.Path == getCapabilities && answer.Header.Get("Grpc-Status") == "" {
		w.Header().Del("Content-Length")
		body = &capabilities{from: answer.Body}
	}
	w.WriteHeader(answer.StatusCode)
	err = copyFlushing(w, body)
	trailer := answer.Trailer
	if err != nil {
		trailer = http.Header{}
		fail(trailer, err)
	}
	// Announced or not, and an answer that is all status has none.
	for name, values := range trailer {
		w.Header()[http.TrailerPrefix+name] = values
	}
}

// fail sets the status UNAVAILABLE.
func fail(h http.Header, err error) {
	h.Set("Grpc-Status", "14")
	h.Set("Grpc-Message", url.PathEscape(fmt.Sprintf("forward to the server: %v", err)))
}

// copyFlushing passes each part of a stream on when it comes. It flushes nothing
// before the first one: an answer without any must end with its headers.
func copyFlushing(w http.ResponseWriter, body io.Reader) error {
	flusher := http.NewResponseController(w)
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if err := flusher.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// capabilities reads the one message of an answer to GetCapabilities, and gives
// it with another lowest version.
type capabilities struct {
	from io.Reader
	rest []byte
	err  error
}

func (c *capabilities) Read(p []byte) (int, error) {
	if c.rest == nil && c.err == nil {
		c.rest, c.err = rewrite(c.from)
	}
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	if c.err != nil {
		return 0, c.err
	}
	return 0, io.EOF
}

// frame is what precedes a message of gRPC: whether it is compressed, and its
// length.
const frame = 5

// maxCapabilities bounds what is read of an answer; buildbox's is of 70 bytes.
const maxCapabilities = 1 << 20

func rewrite(from io.Reader) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(from, maxCapabilities))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return []byte{}, nil
	}
	if len(all) < frame || all[0] != 0 || int(binary.BigEndian.Uint32(all[1:])) != len(all)-frame {
		return nil, fmt.Errorf("answer of %d bytes is not one message of gRPC that is not compressed", len(all))
	}
	message, err := withLowVersion(all[frame:])
	if err != nil {
		return nil, err
	}
	head := make([]byte, frame)
	binary.BigEndian.PutUint32(head[1:], uint32(len(message)))
	return append(head, message...), nil
}

// Fields of ServerCapabilities and of SemVer, in remote_execution.proto and
// semver.proto of remote-apis.
const (
	lowAPIVersion protowire.Number = 4
	major         protowire.Number = 1
)

// withLowVersion sets low_api_version to 2.0.
func withLowVersion(message []byte) ([]byte, error) {
	var out []byte
	for len(message) > 0 {
		number, _, n := protowire.ConsumeField(message)
		if n < 0 {
			return nil, fmt.Errorf("read ServerCapabilities: %w", protowire.ParseError(n))
		}
		if number != lowAPIVersion {
			out = append(out, message[:n]...)
		}
		message = message[n:]
	}
	version := protowire.AppendVarint(protowire.AppendTag(nil, major, protowire.VarintType), 2)
	return protowire.AppendBytes(protowire.AppendTag(out, lowAPIVersion, protowire.BytesType), version), nil
}
