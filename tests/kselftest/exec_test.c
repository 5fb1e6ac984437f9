// SPDX-License-Identifier: GPL-2.0-only
/* bpf/exec.bpf.c: R6. Who gets which clearance, what an exec keeps, what it cannot gain. */
#include <sys/mount.h>

#include "attack_rows.h"
#include "scenario.h"

#define READS	 "try open=" SECRET " read"
#define IS_CLEAN "try is_clean=" PROBE

/* ---- What a rule clears is changed by trusted subjects only (bypass F5) ---------- */

#define REPLACE(name, attempt)                                                     \
	ATTACK(F5_program_##name, .kind = ATTACK_DESTROY, .object = PROGRAM_ARENA, \
	       .cleared = TRUSTED, .reason = "program", .steps = "try " attempt)
REPLACE(write, "open_w=%o/victim say=evil write");
REPLACE(truncate, "truncate=%o/victim");
REPLACE(unlink, "unlink=%o/victim");
REPLACE(create, "create=%o/new");
REPLACE(symlink, "symlink=/plain/actor,%o/new");
REPLACE(chmod, "chmod=%o/victim");
REPLACE(mprotect, "open_rw=%o/victim say=evil mprotect_write");
ATTACK(F5_program_rename_over, .kind = ATTACK_DESTROY, .object = PROGRAM_ARENA, .cleared = TRUSTED,
       .steps = "create=" LOW_ARENA "/evil try rename=" LOW_ARENA "/evil,%o/victim",
       .other_error = EXDEV);
ATTACK(F5_program_link_in, .kind = ATTACK_DESTROY, .object = PROGRAM_ARENA, .cleared = TRUSTED,
       .cleared_steps = "copy_program=" PLAIN ",%o/new",
       .steps = "create=" LOW_ARENA "/evil try link=" LOW_ARENA "/evil,%o/new",
       .other_error = EXDEV);

/* ---- Another file at a program's path is not that program ------------------------ */

/* clang-format off */
#define IMPOSTOR(name, script) \
	ATTACK(name, .kind = ATTACK_READ, .steps = script, .reason = "read-up", \
	       .cleared = PLAIN, .cleared_steps = "exec=" CLEARED " " READS)
/* clang-format on */
IMPOSTOR(A3_bind_over_program, "unshare_mounts bind=/plain,/cleared exec=" CLEARED " " READS);
IMPOSTOR(A3_bind_file_over_program,
	 "unshare_mounts bind=" PLAIN "," CLEARED " exec=" CLEARED " " READS);
IMPOSTOR(A5_overlay_over_program,
	 "unshare_mounts overlay=/plain,%p/dir,/cleared exec=" CLEARED " " READS);
IMPOSTOR(A5_detached_overlay_with_program,
	 "mkdir=%p/dir/cleared copy_program=" PLAIN ",%p/dir/cleared/actor "
	 "detached_overlay=%p/dir,%p/empty openat=cleared/actor execveat " READS);
IMPOSTOR(A3_tmpfs_over_program, "unshare_mounts tmpfs=/plain copy_program=" BY_USER
				",/plain/actor move_mount=/plain,/cleared exec=" CLEARED " " READS);
IMPOSTOR(A4_chroot_with_program,
	 "mkdir=%p/dir/cleared copy_program=" PLAIN ",%p/dir/cleared/actor open_dir=/srv "
	 "chroot=%p/dir exec=/cleared/actor fd=3 try openat=c/secret read");
IMPOSTOR(F6_memfd_of_program, "memfd_self=" CLEARED " execveat " READS);

/* ---- The clearance that the policy gives ------------------------------------------ */

TEST_F(guarded, program_decides)
{
	EXPECT_DENIED(PLAIN, READS);
	EXPECT_ACTOR(CLEARED, READS, ACTOR_OK);
	EXPECT_ACTOR(TRUSTED, READS, ACTOR_OK);
	EXPECT_DENIED(PLAIN, "exec=" PLAIN " " READS);
	EXPECT_ACTOR(PLAIN, "exec=" CLEARED " " READS, ACTOR_OK);
	/* A descriptor names the same program as its path does. */
	EXPECT_ACTOR(PLAIN, "opath=" CLEARED " execveat " READS, ACTOR_OK);
}

TEST_F(guarded, user_decides)
{
	EXPECT_DENIED(PLAIN, "exec=" BY_USER " " READS);
	EXPECT_DENIED(PLAIN, "uid=1001 exec=" BY_USER " " READS);
	EXPECT_ACTOR(PLAIN, "uid=1000 exec=" BY_USER " " READS, ACTOR_OK);
	/* Who becomes the user after the exec has not been given anything. */
	EXPECT_DENIED(PLAIN, "exec=" BY_USER " uid=1000 " READS);
}

/* The label follows the program, not what the file makes of the user. */
TEST_F(guarded, F7_setuid_gives_nothing)
{
	ASSERT_EQ(0, world_copy_program(PLAIN, "/plain/setuid"));
	ASSERT_EQ(0, chmod("/plain/setuid", 04755));
	EXPECT_DENIED(PLAIN, "uid=1000 exec=/plain/setuid " READS);
	/* A rule's user is who asks for it. */
	ASSERT_EQ(0, chmod(BY_USER, 04755));
	EXPECT_DENIED(PLAIN, "uid=1001 exec=" BY_USER " " READS);
	EXPECT_ACTOR(PLAIN, "uid=1000 exec=" BY_USER " " READS, ACTOR_OK);
	EXPECT_EQ(0, chmod(BY_USER, 0755));
}

TEST_F(guarded, group_decides)
{
	EXPECT_DENIED(PLAIN, "exec=" BY_GROUP " " READS);
	EXPECT_DENIED(PLAIN, "group=2001 gid=2001 exec=" BY_GROUP " " READS);
	EXPECT_ACTOR(PLAIN, "gid=2000 exec=" BY_GROUP " " READS, ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "group=2000 exec=" BY_GROUP " " READS, ACTOR_OK);
}

TEST_F(guarded, E10_F15_unit_decides)
{
	EXPECT_DENIED(PLAIN, "exec=" BY_UNIT " " READS);
	EXPECT_DENIED(PLAIN, "cgroup=" OTHER_CGROUP " exec=" BY_UNIT " " READS);
	EXPECT_ACTOR(PLAIN, "cgroup=" UNIT_CGROUP " exec=" BY_UNIT " " READS, ACTOR_OK);
	/* What a unit makes below itself belongs to it. */
	EXPECT_ACTOR(PLAIN,
		     "mkdir=" UNIT_CGROUP "/job cgroup=" UNIT_CGROUP "/job exec=" BY_UNIT " " READS,
		     ACTOR_OK);
	/* But a name below another unit is anybody's. */
	EXPECT_DENIED(PLAIN, "mkdir=" OTHER_CGROUP "/backup.service cgroup=" OTHER_CGROUP
			     "/backup.service exec=" BY_UNIT " " READS);
	/* A label does not follow the process to another cgroup (bypass E10). */
	EXPECT_DENIED(PLAIN, "exec=" BY_UNIT " cgroup=" UNIT_CGROUP " " READS);
}

TEST_F(guarded, most_specific_rule_decides)
{
	EXPECT_DENIED(PLAIN, "exec=" LADDER " " READS);
	EXPECT_ACTOR(PLAIN, "exec=" LADDER " try open=" CUI_DIR "/secret read", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "uid=1000 exec=" LADDER " " READS, ACTOR_OK);
}

TEST_F(guarded, F4_script_does_not_grant)
{
	static const char grants[] = "#!/plain/busybox sh\n(: </srv/c/secret) || exit 13\n";
	static const char interpreter[] = "#!/cleared/busybox sh\n(: </srv/c/secret) || exit 13\n";

	ASSERT_EQ(0, world_write_program("/cleared/script", grants));
	ASSERT_EQ(0, world_write_program("/plain/script", interpreter));
	EXPECT_ACTOR(PLAIN, "exec=/cleared/script", 13);
	EXPECT_ACTOR(PLAIN, "exec=/plain/script", ACTOR_OK);
}

/* ---- What the kernel starts for somebody ------------------------------------------------ */

#define HELPER_FILE "/proc/sys/kernel/modprobe"

/* The kernel runs a program of the attacker's: a child of a kernel thread, as root. */
FIXTURE(F12_E8_usermode_helper)
{
	char before[256];
};

static int set_helper(const char *program)
{
	int fd = open(HELPER_FILE, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int result = fd < 0 || write(fd, program, strlen(program)) < 0 ? -errno : 0;

	close(fd);
	return result;
}

FIXTURE_SETUP(F12_E8_usermode_helper)
{
	static const char script[] = "#!/plain/busybox sh\n"
				     "/plain/busybox cat " SECRET " >" LOW_ARENA "/loot\n";
	int fd = open(HELPER_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, self->before, sizeof(self->before) - 1);

	close(fd);
	ASSERT_LT(0, length);
	ASSERT_EQ(0, attack_reset_arenas());
	ASSERT_EQ(0, world_write_program("/plain/helper", script));
	ASSERT_EQ(0, set_helper("/plain/helper"));
}

FIXTURE_TEARDOWN(F12_E8_usermode_helper)
{
	EXPECT_EQ(0, set_helper(self->before));
}

/* A file system that no module brings: the kernel asks for one, and waits. */
TEST_F(F12_E8_usermode_helper, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	EXPECT_EQ(-1, mount("none", LOW_ARENA "/dir", "no-such-fs", 0, NULL));
	EXPECT_TRUE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

TEST_F(F12_E8_usermode_helper, enforcing_denies)
{
	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	EXPECT_EQ(-1, mount("none", LOW_ARENA "/dir", "no-such-fs", 0, NULL));
	EXPECT_FALSE(place_holds(LOW_ARENA, attack_canary(), CANARY_BYTES));
}

/* ---- What an exec keeps, loses and cannot gain -------------------------------------- */

TEST_F(guarded, taint_stays_over_exec)
{
	EXPECT_ACTOR(CLEARED, "exec=" PLAIN " " IS_CLEAN, ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " exec=" PLAIN " " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " exec=" CLEARED " " IS_CLEAN);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " fork exec=" PLAIN " " IS_CLEAN);
}

TEST_F(guarded, M10_taint_stays_when_a_thread_execs)
{
	EXPECT_ACTOR(CLEARED, "thread exec=" PLAIN " " IS_CLEAN, ACTOR_OK);
	EXPECT_DENIED(CLEARED, "taint=" SECRET " thread exec=" PLAIN " " IS_CLEAN);
}

TEST_F(guarded, clearance_is_lost_over_exec)
{
	EXPECT_DENIED(CLEARED, "exec=" PLAIN " " READS);
	EXPECT_DENIED(ARROW, "exec=" CLEARED " try open=" ARROW_DIR "/secret read");
}

TEST_F(guarded, F10_failed_exec_changes_nothing)
{
	ASSERT_EQ(0, world_write_program("/cleared/text", "no program at all\n"));
	ASSERT_EQ(0, world_write_program("/plain/text", "no program at all\n"));
	EXPECT_DENIED(PLAIN, "fails exec=/cleared/text " READS);
	EXPECT_ACTOR(CLEARED, "fails exec=/plain/text " READS, ACTOR_OK);
}

TEST_F(guarded, F11_spawned_child_execs_for_itself)
{
	EXPECT_ACTOR(CLEARED, "spawn=" PLAIN ",open=" SECRET, EACCES);
	EXPECT_ACTOR(CLEARED, "fails spawn=" PLAIN ",open=" SECRET " " READS, ACTOR_OK);
	EXPECT_DENIED(PLAIN, "spawn=" CLEARED ",open=" SECRET " " READS);
	/* The child read, in memory of its own. */
	EXPECT_ACTOR(CLEARED, "spawn=" CLEARED ",open=" SECRET " " IS_CLEAN, ACTOR_OK);
}

TEST_F(guarded, F1_rise_sets_secure_mode)
{
	EXPECT_ACTOR(PLAIN, "exec=" CLEARED " is_secure", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "exec=" ARROW " is_secure", ACTOR_OK);
	EXPECT_ACTOR(PLAIN, "exec=" PLAIN " is_not_secure", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "exec=" CLEARED " is_not_secure", ACTOR_OK);
	EXPECT_ACTOR(CLEARED, "exec=" PLAIN " is_not_secure", ACTOR_OK);
}

TEST_F(guarded, F2_no_rise_for_whom_another_steers)
{
	EXPECT_DENIED(PLAIN, "no_new_privs exec=" CLEARED " " READS);
	EXPECT_DENIED(PLAIN, "traceme=" CLEARED " " READS);
	EXPECT_DENIED(PLAIN, "share_fs exec=" CLEARED " " READS);
	/* Nothing rises, so nothing is lost either. */
	EXPECT_ACTOR(CLEARED, "no_new_privs exec=" CLEARED " " READS, ACTOR_OK);
	EXPECT_DENIED(CLEARED, "no_new_privs exec=" PLAIN " " READS);
}

TEST_F(guarded, classified_program_is_read_by_executing_it)
{
	ASSERT_EQ(0, world_copy_program(PLAIN, SECRET_ARENA "/program"));
	EXPECT_DENIED(PLAIN, "try exec=" SECRET_ARENA "/program");
	EXPECT_DENIED(PLAIN, "try opath=" SECRET_ARENA "/program execveat");
	/* It would be uncleared, and could not map itself: it is refused beforehand. */
	EXPECT_DENIED(CLEARED, "try exec=" SECRET_ARENA "/program");
}

TEST_F(guarded, given_clearance_is_recorded)
{
	EXPECT_ACTOR(PLAIN, "exec=" CLEARED, ACTOR_OK);
	EXPECT_RECORD(.verdict = "allow", .reason = "exec", .operation = "execute",
		      .path = CLEARED);
}

TEST_HARNESS_MAIN
