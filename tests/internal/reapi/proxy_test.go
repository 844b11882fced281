// SPDX-License-Identifier: Apache-2.0

package reapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// message puts a message into gRPC's frame.
func message(p []byte) []byte {
	head := make([]byte, frame)
	binary.BigEndian.PutUint32(head[1:], uint32(len(p)))
	return append(head, p...)
}

// serve starts a server behind the proxy and returns the proxy's address.
func serve(t *testing.T, handler http.HandlerFunc) (address string, server *http.Server) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	behind, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server = &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(behind)
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy := New("unix", socket).Server()
	go proxy.Serve(front)
	t.Cleanup(func() { proxy.Close(); server.Close() })
	return front.Addr().String(), server
}

// call makes a call with one message and returns the answer's body and status.
func call(t *testing.T, address, method string, body io.Reader) (answer []byte, status, text string) {
	t.Helper()
	client := New("tcp", address)
	r, err := http.NewRequestWithContext(context.Background(), "POST", "http://"+address+method, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	got, err := client.transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	answer, err = io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Header.Get("Grpc-Status"); s != "" {
		return answer, s, got.Header.Get("Grpc-Message")
	}
	return answer, got.Trailer.Get("Grpc-Status"), got.Trailer.Get("Grpc-Message")
}

func TestForwards(t *testing.T) {
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		if r.URL.Path == "/none" { // an answer that is all status
			w.Header().Set("Grpc-Status", "5")
			w.WriteHeader(200)
			return
		}
		got, _ := io.ReadAll(r.Body)
		w.Write(append([]byte(r.Header.Get("Te")+" "), got...))
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	})
	large := strings.Repeat("x", 3<<20)
	if got, status, _ := call(t, address, "/any", strings.NewReader(large)); string(got) != "trailers "+large || status != "0" {
		t.Errorf("got %d bytes, status %q; want the 3 MiB back, status 0", len(got), status)
	}
	if got, status, _ := call(t, address, "/none", strings.NewReader("")); len(got) != 0 || status != "5" {
		t.Errorf("got %q, status %q; want nothing, status 5", got, status)
	}
}

func TestLowVersion(t *testing.T) {
	// cache_capabilities {}, low_api_version {2, 1}, high_api_version {2, 12}.
	answer := []byte{0x0a, 0, 0x22, 4, 8, 2, 16, 1, 0x2a, 4, 8, 2, 16, 12}
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(message(answer))
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
	})
	got, status, _ := call(t, address, getCapabilities, strings.NewReader(""))
	want := message([]byte{0x0a, 0, 0x2a, 4, 8, 2, 16, 12, 0x22, 2, 8, 2})
	if !bytes.Equal(got, want) || status != "0" {
		t.Errorf("got % x, status %q; want % x, status 0", got, status, want)
	}
}

func TestUnavailable(t *testing.T) {
	address, server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	if _, status, text := call(t, address, "/any", strings.NewReader("")); status != "14" || text == "" {
		t.Errorf("broken off: got status %q, %q; want 14", status, text)
	}
	server.Close()
	if _, status, text := call(t, address, "/any", strings.NewReader("")); status != "14" || !strings.Contains(text, "forward") {
		t.Errorf("gone: got status %q, %q; want 14", status, text)
	}
}

func TestNoCapabilities(t *testing.T) {
	for _, bad := range [][]byte{
		{1, 0, 0, 0, 0},        // compressed
		message([]byte{0xff}),  // no message
		message([]byte{1})[:5], // shorter than it says
	} {
		if got, err := rewrite(bytes.NewReader(bad)); err == nil {
			t.Errorf("% x: got % x, want an error", bad, got)
		}
	}
}
