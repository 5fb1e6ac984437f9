#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The part that takes a few minutes.
here=$(dirname "$0")
SHORT='landlock/fs_test landlock/ptrace_test landlock/scoped_signal_test pidfd/pidfd_getfd_test
	mount_setattr/mount_setattr_test seccomp/seccomp_bpf net/af_unix/scm_pidfd' \
	bash "$here/selftests.sh"
SHORT=1 exec bash "$here/apps.sh"
