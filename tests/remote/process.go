// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// A process is a program that listens on a Unix socket.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed at its end
}

// listen starts a program and waits until it listens on a socket. Of one that ends
// or is not as far in a minute, the error has the last that it wrote to log.
func listen(cmd *exec.Cmd, socket, log string) (*process, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	var end error
	go func() {
		end = cmd.Wait()
		close(p.ended)
	}()
	said := func() []byte {
		text, _ := os.ReadFile(log)
		return text[max(0, len(text)-1000):]
	}
	late := time.After(time.Minute)
	for {
		c, err := net.Dial("unix", socket)
		if err == nil {
			return p, c.Close()
		}
		select {
		case <-p.ended:
			return nil, fmt.Errorf("it ended before it listened: %v: %s", end, said())
		case <-late:
			return nil, errors.Join(fmt.Errorf("it does not listen after a minute: %w: %s", err, said()), p.kill())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// kill ends the process at once, if it has not ended.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
