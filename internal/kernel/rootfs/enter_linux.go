// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// system are the directories that a root has of its own, whether it has them or
// not: where a machine installs what its users run. Of the others, as /tmp, /proc
// and where Bazel works, a program sees the machine's.
var system = []string{"bin", "boot", "etc", "lib*", "opt", "sbin", "usr"}

func isSystem(name string) bool {
	return slices.ContainsFunc(system, func(pattern string) bool {
		ok, _ := filepath.Match(pattern, name)
		return ok
	})
}

// Capabilities (include/uapi/linux/capability.h) by which a process that is not
// root's enters a root in a user namespace, and prctl(2)'s way to give them up.
const (
	capSysChroot = 18
	capSysAdmin  = 21

	prCapAmbient         = 47
	prCapAmbientClearAll = 4
)

// attributes are ways to start a process that may enter a root, to be tried in
// order. Where user namespaces are not to be had, a privileged container's root
// needs none.
func attributes() []*syscall.SysProcAttr {
	const mounts = syscall.CLONE_NEWNS
	uid, gid := os.Geteuid(), os.Getegid()
	all := []*syscall.SysProcAttr{{
		Cloneflags:  mounts | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{capSysChroot, capSysAdmin},
	}}
	if uid == 0 {
		all = append(all, &syscall.SysProcAttr{Cloneflags: mounts})
	}
	for _, a := range all {
		// The program is told to end when this one is killed, which it hands on.
		a.Pdeathsig = syscall.SIGTERM
	}
	return all
}

// enter makes the root in dir that of this process, which is one that attributes has
// started: nobody else sees the mounts, and they end with it. Where root is a
// directory, what the system is of appears in dir; else it is unpacked there.
func enter(root, dir string) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	// Or a mount below could be seen, and be removed from, outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return refused(fmt.Errorf("make mounts private: %w", err))
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	// First the directory that dir is in: what it holds is bound too, and no mount is there yet.
	slices.SortStableFunc(entries, func(a, b os.DirEntry) int { return holds(b.Name(), dir) - holds(a.Name(), dir) })
	for _, e := range entries {
		if isSystem(e.Name()) {
			continue
		}
		if err := show("/"+e.Name(), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if err := showSystem(root, dir); err != nil {
			return err
		}
	} else if first, _, _ := strings.Cut(here[1:], "/"); isSystem(first) {
		if err := show(here, filepath.Join(dir, here)); err != nil {
			return err
		}
	}
	if err := syscall.Chroot(dir); err != nil {
		return refused(fmt.Errorf("change the root: %w", err))
	}
	if err := os.Chdir(here); err != nil {
		return fmt.Errorf("enter the root: %w; expected Bazel's directory in none of /%s", err, strings.Join(system, ", /"))
	}
	// What the program runs has no more power than it had outside.
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prCapAmbient, prCapAmbientClearAll, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("give up capabilities: %w", errno)
	}
	return nil
}

func holds(name, dir string) int {
	if strings.HasPrefix(dir, "/"+name+"/") {
		return 1
	}
	return 0
}

// showSystem makes the system's directories of a root appear in dir.
func showSystem(root, dir string) error {
	// A directory of a workspace is a link in Bazel's sandbox.
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())
		target, err := os.Readlink(from)
		switch {
		case !isSystem(e.Name()):
			continue
		case err == nil:
			err = os.Symlink(target, to)
		default:
			err = show(from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// show makes a directory of the machine, or a link to one, appear in the root.
// Other files, as some have them at the top, do not.
func show(from, to string) error {
	if info, err := os.Stat(from); err != nil || !info.IsDir() {
		return nil
	}
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	link := info.Mode()&os.ModeSymlink != 0
	if own, err := os.Lstat(to); err == nil && (link || !own.IsDir()) {
		if err := os.RemoveAll(to); err != nil {
			return err
		}
	}
	if link {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return refused(fmt.Errorf("bind %s: %w", from, err))
	}
	return nil
}

// refused adds what to do to an error of the kernel's.
func refused(err error) error {
	if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EACCES) && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return fmt.Errorf("enter the root: %w; this machine must permit user namespaces (sysctl user.max_user_namespaces, the container's seccomp profile, "+
		"AppArmor), or give the kbuild_toolchain programs in place of a root", err)
}
