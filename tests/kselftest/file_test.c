// SPDX-License-Identifier: GPL-2.0-only
/* bpf/file.bpf.c: R1, R2 and R5 on files, however they are reached. */
#include "attack_rows.h"

/* ---- R1: ways to open ------------------------------------------------------ */

ATTACK(open, .kind = ATTACK_READ, .steps = "try open=%s read", .reason = "read-up",
       .operation = "open-read");
ATTACK(open_rw, .kind = ATTACK_READ, .steps = "try open_rw=%s read");
ATTACK(openat2, .kind = ATTACK_READ, .steps = "try openat2=%s read", .reason = "read-up");
ATTACK(openat, .kind = ATTACK_READ, .steps = "try open_dir=" SECRET_DIR " openat=secret read");
ATTACK(symlink_there, .kind = ATTACK_READ, .steps = "try open=" LOW_DIR "/symlink read");
ATTACK(symlink_own, .kind = ATTACK_READ, .steps = "symlink=%s,%p/sym try open=%p/sym read");
ATTACK(A1_link_older_than_policy, .kind = ATTACK_READ, .steps = "try open=" OLD_LINK " read",
       .reason = "read-up");
ATTACK(A1_link_older_than_policy_forgotten, .kind = ATTACK_READ, .secret = DISK_SECRET,
       .steps = "drop_caches try open=" DISK_OLD_LINK " read", .reason = "read-up");
ATTACK(A1_link_own, .kind = ATTACK_READ, .steps = "try link=%s,%p/linked open=%p/linked read");
ATTACK(A7_handle, .kind = ATTACK_READ, .steps = "try handle=" SRV_DIR ",%s open_handle read",
       .reason = "read-up");
ATTACK(A7_handle_of_forgotten_file, .kind = ATTACK_READ, .secret = DISK_SECRET,
       .steps = "handle=" DISK_DIR ",%s drop_caches try open_handle read",
       /* A file that no path leads to is denied to all; the handle itself is good. */
       .cleared_steps = "handle=" DISK_DIR ",%s try open_handle read");
ATTACK(A8_o_path_reopened, .kind = ATTACK_READ, .steps = "try opath=%s reopen read",
       .reason = "read-up");
ATTACK(A8_o_path_linked, .kind = ATTACK_READ,
       .steps = "try opath=%s link_fd=%p/linked open=%p/linked read");
ATTACK(A16_proc_self_root, .kind = ATTACK_READ, .steps = "try open=/proc/self/root%s read",
       .reason = "read-up");
ATTACK(A16_proc_pid_root, .kind = ATTACK_READ, .holder = "hold",
       .steps = "try open=/proc/%d/root%s read");
ATTACK(A16_proc_pid_cwd, .kind = ATTACK_READ, .holder = "chdir=" SECRET_DIR " hold",
       .steps = "try open=/proc/%d/cwd/secret read");
ATTACK(B6_proc_pid_fd, .kind = ATTACK_READ, .holder = "open=%s hold",
       .steps = "try open_proc_fd=%d,3 read");
ATTACK(forgotten_inode, .kind = ATTACK_READ, .secret = DISK_SECRET,
       .steps = "drop_caches try open=%s read", .reason = "read-up");
/* Labels are no ladder: secret does not dominate secret arrow. */
ATTACK(category_missing, .kind = ATTACK_READ, .secret = ARROW_DIR "/secret", .attacker = CLEARED,
       .cleared = ARROW, .steps = "try open=%s read", .reason = "read-up");
ATTACK(cui_by_unclassified, .kind = ATTACK_READ, .secret = CUI_DIR "/secret",
       .steps = "try open=%s read", .reason = "read-up");
ATTACK(drop_read, .kind = ATTACK_READ, .secret = INBOX_DIR "/secret", .steps = "try open=%s read",
       .reason = "read-up");

/* ---- R1: descriptors that another opened ------------------------------------ */

#define INHERITED(name, use)                                                   \
	ATTACK(B1_inherited_##name, .kind = ATTACK_READ, .starts_as = CLEARED, \
	       .steps = "open=%s exec=%a fd=3 try " use)
INHERITED(read, "read");
INHERITED(pread, "pread");
INHERITED(readv, "readv");
INHERITED(preadv2, "preadv2");
INHERITED(mmap, "mmap");
INHERITED(sendfile, "sendfile");
INHERITED(splice, "splice");
INHERITED(copy_file_range, "copy_range=%p");
INHERITED(reopen, "reopen read");

#define RECEIVED(name, use)                                                                  \
	ATTACK(B2_received_##name, .kind = ATTACK_READ,                                      \
	       .holder = "open=%s unix_listen=@scm stop unix_accept fd=3 swap send_fd hold", \
	       .steps = "try unix_connect=@scm recv_fd " use)
RECEIVED(read, "pread");
RECEIVED(mmap, "mmap");
RECEIVED(splice, "splice");
ATTACK(B2_received_o_path, .kind = ATTACK_READ,
       .holder = "opath=%s unix_listen=@scm stop unix_accept fd=3 swap send_fd hold",
       .steps = "try unix_connect=@scm recv_fd reopen read");
ATTACK(B3_pidfd_getfd, .kind = ATTACK_READ, .holder = "open=%s hold",
       .steps = "try pidfd_getfd=%d,3 pread");

/* ---- R2: nobody destroys what he may not read -------------------------------- */

#define DESTROY(name, attempt)                                                      \
	ATTACK(A12_destroy_##name, .kind = ATTACK_DESTROY, .steps = "try " attempt, \
	       .reason = "overwrite")
DESTROY(truncate, "truncate=%o/victim");
DESTROY(o_trunc, "trunc=%o/victim");
DESTROY(unlink, "unlink=%o/victim");
DESTROY(rmdir, "rmdir=%o/empty");
DESTROY(rename, "rename=%o/file,%o/elsewhere");
DESTROY(rename_over, "rename=%o/file,%o/victim");
DESTROY(exchange, "exchange=%o/file,%o/victim");
DESTROY(chmod, "chmod=%o/victim");
DESTROY(chown, "chown=%o/victim");
DESTROY(utimes, "utimes=%o/victim");
DESTROY(setxattr, "setxattr=%o/victim");
DESTROY(removexattr, "removexattr=%o/victim");
DESTROY(set_acl, "set_acl=%o/victim");
DESTROY(create, "create=%o/new");
DESTROY(mkdir, "mkdir=%o/new");
DESTROY(symlink, "symlink=x,%o/new");
DESTROY(mkfifo, "mkfifo=%o/new");
/* Opened for reading too, so R1 refuses it first. */
ATTACK(A12_destroy_tmpfile, .kind = ATTACK_DESTROY, .steps = "try tmpfile=%o link_fd=%o/new");
DESTROY(write, "open_w=%o/victim say=overwritten write");
DESTROY(write_o_path, "opath=%o/victim reopen=w say=overwritten write");

#define DESTROY_INHERITED(name, attempt)                                                  \
	ATTACK(B1_destroy_inherited_##name, .kind = ATTACK_DESTROY, .starts_as = CLEARED, \
	       .reason = "overwrite",                                                     \
	       .steps = "open_w=%o/victim exec=%a fd=3 say=overwritten try " attempt)
DESTROY_INHERITED(write, "write");
DESTROY_INHERITED(pwrite, "pwrite");
DESTROY_INHERITED(writev, "writev");
DESTROY_INHERITED(ftruncate, "ftruncate=1");
DESTROY_INHERITED(punch, "punch");
DESTROY_INHERITED(fchmod, "fchmod");
DESTROY_INHERITED(setxattr, "fsetxattr_payload");
ATTACK(B8_destroy_inherited_mmap, .kind = ATTACK_DESTROY, .starts_as = CLEARED,
       .steps = "open_rw=%o/victim exec=%a fd=3 say=overwritten try mmap_write");
ATTACK(B8_destroy_inherited_mprotect, .kind = ATTACK_DESTROY, .starts_as = CLEARED,
       .steps = "open_rw=%o/victim exec=%a fd=3 say=overwritten try mprotect_write");

/* ---- R2: no write-down -------------------------------------------------------- */

#define WRITE_DOWN(name, script) \
	ATTACK(name, .kind = ATTACK_WRITE_DOWN, .reason = "write-down", .steps = script)
WRITE_DOWN(write_down, "taint=%s try open_w=%p/file write");
WRITE_DOWN(C1_opened_before_write, "open_w=%p/file taint=%s try write");
WRITE_DOWN(C1_opened_before_pwrite, "open_w=%p/file taint=%s try pwrite");
WRITE_DOWN(C1_opened_before_writev, "open_w=%p/file taint=%s try writev");
WRITE_DOWN(C1_opened_before_mmap, "open_rw=%p/file taint=%s try mmap_write");
WRITE_DOWN(C1_opened_before_mprotect, "open_rw=%p/file taint=%s try mprotect_write");
WRITE_DOWN(C1_opened_before_sendfile, "open_w=%p/file open=%s swap try sendfile_out");
WRITE_DOWN(A10_C1_opened_before_copy_range, "open_w=%p/file open=%s swap try copy_range_out");
WRITE_DOWN(C1_opened_before_setxattr, "open_w=%p/file taint=%s try fsetxattr_payload");
WRITE_DOWN(C2_name_create, "taint=%s try create_payload=%p");
WRITE_DOWN(C2_name_mkdir, "taint=%s try mkdir_payload=%p");
WRITE_DOWN(C2_name_mknod, "taint=%s try mknod_payload=%p");
WRITE_DOWN(C2_name_rename, "taint=%s try rename_payload=%p/file,%p");
WRITE_DOWN(C2_name_link, "taint=%s try link_payload=%p/file,%p");
WRITE_DOWN(C2_symlink_target, "taint=%s try symlink_payload=%p/sym");
WRITE_DOWN(C2_xattr, "taint=%s try setxattr_payload=%p/file");
WRITE_DOWN(A11_tmpfile, "taint=%s try tmpfile=%p write link_fd=%p/out");
WRITE_DOWN(A11_tmpfile_before, "tmpfile=%p taint=%s try write link_fd=%p/out");
WRITE_DOWN(C1_opened_before_reopened, "open_w=%p/file taint=%s try reopen=w write");

/* What carries few bits is a channel too. */
#define WRITE_DOWN_CHANGE(name, script)                                          \
	ATTACK(A12_channel_##name, .kind = ATTACK_WRITE_DOWN, .by_change = true, \
	       .reason = "write-down", .steps = script)
WRITE_DOWN_CHANGE(size, "taint=%s try truncate=%p/file");
WRITE_DOWN_CHANGE(size_opened_before, "open_w=%p/file taint=%s try ftruncate=7");
WRITE_DOWN_CHANGE(hole_opened_before, "open_w=%p/file taint=%s try punch");
WRITE_DOWN_CHANGE(mode, "taint=%s try chmod=%p/file");
WRITE_DOWN_CHANGE(mode_opened_before, "open_w=%p/file taint=%s try fchmod");
WRITE_DOWN_CHANGE(owner, "taint=%s try chown=%p/file");
WRITE_DOWN_CHANGE(times, "taint=%s try utimes=%p/file");
WRITE_DOWN_CHANGE(unlink, "taint=%s try unlink=%p/file");
WRITE_DOWN_CHANGE(rmdir, "taint=%s try rmdir=%p/empty");
WRITE_DOWN_CHANGE(exchange, "taint=%s try exchange=%p/file,%p/victim");

/* ---- R5: a move that would change what the policy says is EXDEV ---------------- */

#define MOVE(name, attempt) \
	ATTACK(A2_##name, .kind = ATTACK_MOVE, .reason = "relabel", .steps = "try " attempt)
#define MOVE_IN(name, attempt)                                                       \
	ATTACK(A2_##name, .kind = ATTACK_MOVE, .inwards = true, .reason = "relabel", \
	       .steps = "try " attempt)
MOVE(file_out, "rename=%o/file,%p/moved");
MOVE(file_out_over, "rename=%o/file,%p/victim");
MOVE(dir_out, "rename=%o/dir,%p/moved");
MOVE(exchange_out, "exchange=%o/file,%p/victim");
MOVE(exchange_dirs, "exchange=%o/dir,%p/empty");
MOVE(link_out, "link=%o/file,%p/linked");
MOVE(link_out_by_descriptor, "opath=%o/file link_fd=%p/linked");
MOVE_IN(file_in, "rename=%o/file,%p/moved");
MOVE_IN(dir_in, "rename=%o/dir,%p/moved");
MOVE_IN(link_in, "link=%o/file,%p/linked");
MOVE_IN(file_in_over, "rename=%o/file,%p/victim");

TEST_HARNESS_MAIN
