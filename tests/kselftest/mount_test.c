// SPDX-License-Identifier: GPL-2.0-only
/* bpf/mount.bpf.c: the same file at another place is the same file. */
#include "attack_rows.h"
#include "scenario.h"

#define SHOWN(name, script) \
	ATTACK(name, .kind = ATTACK_READ, .reason = "read-up", .steps = "unshare_mounts " script)

SHOWN(A3_bind, "bind=" SECRET_DIR ",%p/empty try open=%p/empty/secret read");
SHOWN(A3_bind_file, "bind=%s,%p/file try open=%p/file read");
SHOWN(A3_rbind, "rbind=" SRV_DIR ",%p/empty try open=%p/empty/c/secret read");
SHOWN(A3_move_mount, "rbind=" SRV_DIR ",%p/empty move_mount=%p/empty,/plain try "
		     "open=/plain/c/secret read");
SHOWN(A3_open_tree_detached, "open_tree=" SECRET_DIR " try openat=secret read");
SHOWN(A3_open_tree_attached,
      "open_tree=" SECRET_DIR " attach_tree=%p/empty try open=%p/empty/secret read");
SHOWN(A4_chroot, "chroot=" SRV_DIR " try open=/c/secret read");
SHOWN(A4_chroot_into, "chroot=" SECRET_DIR " try open=/secret read");
SHOWN(A4_pivot_root, "bind=" SECRET_DIR "," SECRET_DIR " chroot=" SRV_DIR " chdir=/c pivot try "
		     "open=/secret read");
SHOWN(A5_overlay_lower, "try overlay=" SECRET_DIR ",%p/empty open=%p/empty/merged/secret read");
/* Modifying a classified lower file would make a copy of it in the upper place. */
ATTACK(M13_A5_copy_up, .kind = ATTACK_WRITE_DOWN,
       .steps = "unshare_mounts overlay=" SECRET_DIR
		",%p/empty try open_rw=%p/empty/merged/secret");

ATTACK(A4_user_namespace, .kind = ATTACK_READ, .reason = "read-up",
       .steps = "uid=1000 unshare_user bind=" SECRET_DIR ",%p/empty try open=%p/empty/secret read");
ATTACK(A9_second_mount, .kind = ATTACK_READ, .secret = DISK_SECRET, .reason = "read-up",
       .steps = "unshare_mounts mount_disk=/dev/vda,%p/empty try open=%p/empty/c/secret read");

/* What is mounted on a classified place is classified: nobody lays out a trap there. */
TEST_F(guarded, file_system_takes_the_label_of_its_place)
{
	EXPECT_ACTOR(CLEARED,
		     "unshare_mounts tmpfs=" SECRET_ARENA "/empty taint=" SECRET
		     " create=" SECRET_ARENA "/empty/new write",
		     ACTOR_OK);
	EXPECT_DENIED(CLEARED, "unshare_mounts tmpfs=" LOW_ARENA "/empty taint=" SECRET
			       " try create=" LOW_ARENA "/empty/new");
	EXPECT_ACTOR(PLAIN,
		     "unshare_mounts tmpfs=" LOW_ARENA "/empty create=" LOW_ARENA "/empty/new",
		     ACTOR_OK);
}

TEST_HARNESS_MAIN
