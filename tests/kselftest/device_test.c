// SPDX-License-Identifier: GPL-2.0-only
/* bpf/device.bpf.h: what lies on disks, and what leads off the host below every other check. */
#include "attack_rows.h"
#include "scenario.h"

/* ---- R1: a disk may hold any file that the policy gives a label ------------------------ */

/* Cleared for all that the policy knows: ARROW. */
#define DISK(name, script) \
	ATTACK(name, .kind = ATTACK_READ, .cleared = ARROW, .reason = "read-up", .steps = script)
DISK(M19_B12_disk, "try open=" DISK_DEVICE " scan");
DISK(M19_B12_disk_read_write, "try open_rw=" DISK_DEVICE " scan");
DISK(M19_B12_node_made_elsewhere, "mknod_like=" DISK_DEVICE ",%p/node try open=%p/node scan");
DISK(M19_B12_scsi_command, "try open=" SCSI_DISK " scsi_read");
DISK(M19_B12_scsi_command_access_mode_3, "try open_3=" SCSI_DISK " scsi_read");
DISK(M19_B12_scsi_generic, "try open_rw=" SCSI_GENERIC " scsi_read");
DISK(A9_loop_device, "try open=" LOOP_DEVICE " scan");
DISK(A9_loop_mounted,
     "unshare_mounts try mount_ro=" LOOP_DEVICE ",%p/empty open=%p/empty/c/secret read");

/* Who may, but is not trusted, mounts nothing that is less than the disk. */
TEST_F(guarded, A9_new_superblock_over_a_disk_has_its_label)
{
	EXPECT_ACTOR(ARROW,
		     "unshare_mounts mount_ro=" LOOP_DEVICE "," LOW_ARENA "/empty open=" LOW_ARENA
		     "/empty/low/oldlink is_tainted=" PROBE,
		     ACTOR_OK);
	EXPECT_DENIED(CLEARED, "unshare_mounts try mount_ro=" LOOP_DEVICE "," LOW_ARENA "/empty");
	/* The administrator's own mount says by its place what is on it. */
	EXPECT_ACTOR(TRUSTED, "unshare_mounts mount_ro=" LOOP_DEVICE "," LOW_ARENA "/empty",
		     ACTOR_OK);
	EXPECT_RECORD(.verdict = "allow", .reason = "trusted", .operation = "mount");
}

/* A tainted subject puts nothing behind a device that others read. */
TEST_F(guarded, A9_loop_over_a_classified_file)
{
	EXPECT_DENIED(CLEARED, "open=" SECRET " try loop_set=/dev/loop1");
	EXPECT_DENIED(PLAIN, "open=" LOW_FILE " try loop_set=/dev/loop1");
}

/* ---- Devices that lead off the host, or show others' data -------------------------------- */

struct node {
	const char *path;
	int major, minor; /* 0: as it is at the path */
	const char *driver; /* or the first number that this driver has */
};

/* The major number under which @driver is registered for character devices; 0: it is not. */
static int major_of(const char *driver)
{
	FILE *list = fopen("/proc/devices", "re");
	char line[128], name[64];
	int major, found = 0;

	while (list && fgets(line, sizeof(line), list) && strncmp(line, "Block", 5))
		if (sscanf(line, "%d %63s", &major, name) == 2 && !strcmp(name, driver))
			found = major;
	if (list)
		fclose(list);
	return found;
}

/* A step that opens the node, made anew where there is none. False: no such device here. */
static bool opens(const struct node *node, const char *how, char *steps, size_t size)
{
	int major = node->driver ? major_of(node->driver) : node->major;

	if (!major && (node->driver || access(node->path, F_OK)))
		return false;
	if (major)
		snprintf(steps, size, "mknod=c,%d,%d," LOW_ARENA "/node try %s=" LOW_ARENA "/node",
			 major, node->minor, how);
	else
		snprintf(steps, size, "try %s=%s", how, node->path);
	return true;
}

FIXTURE(device)
{
	char steps[256];
};

FIXTURE_VARIANT(device)
{
	struct node node;
	const char *may; /* who may open it, as far as the guard is concerned */
};

FIXTURE_SETUP(device)
{
	if (!opens(&variant->node, "open_rw", self->steps, sizeof(self->steps)))
		SKIP(return, "%s: not on this kernel", variant->node.path);
}

FIXTURE_TEARDOWN(device)
{
}

#define DEVICE(name, subject, ...)                      \
	FIXTURE_VARIANT_ADD(device, name)               \
	{                                               \
		.node = { __VA_ARGS__ }, .may = subject \
	}
DEVICE(M17_D19_tun, TRUSTED, "/dev/net/tun", 10, 200);
DEVICE(M17_D19_vhost_net, TRUSTED, "/dev/vhost-net", 10, 238);
DEVICE(D19_vhost_vsock, TRUSTED, "/dev/vhost-vsock", 10, 241);
DEVICE(D19_ppp, TRUSTED, "/dev/ppp", .driver = "ppp");
DEVICE(M17_D19_macvtap, TRUSTED, "/dev/tap0", .driver = "macvtap");
DEVICE(D12_infiniband, TRUSTED, "/dev/infiniband/uverbs0", .driver = "infiniband_verbs");
DEVICE(B13_hibernation_image, ARROW, "/dev/snapshot", 10, 231);
DEVICE(B12_device_mapper, ARROW, "/dev/mapper/control", 10, 236);
/* What any cleared process wrote to a virtual console. */
DEVICE(B17_screen, ARROW, "/dev/vcs", 7, 0);
DEVICE(B17_frame_buffer, ARROW, "/dev/fb0", 29, 0);
DEVICE(B17_screen_with_attributes, ARROW, "/dev/vcsa", 7, 128);
DEVICE(M19_B12_bsg, ARROW, "/dev/bsg/0:0:0:0", .driver = "bsg");
DEVICE(M19_B12_nvme, ARROW, "/dev/nvme0", .driver = "nvme");
DEVICE(M19_B12_nvme_generic, ARROW, "/dev/ng0n1", .driver = "nvme-generic");
DEVICE(B12_flash, ARROW, "/dev/mtd0", .driver = "mtd");

/* Whatever the driver says, it is the driver that says it. */
TEST_F(device, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_FALSE(actor_denied(actor_play(PLAIN, self->steps)));
}

TEST_F(device, enforcing_denies)
{
	int status;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	status = actor_play(PLAIN, self->steps);
	EXPECT_TRUE(actor_denied(status))
	{
		TH_LOG("%s: %s", self->steps, actor_status_text(status));
	}
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_FALSE(actor_denied(actor_play(variant->may, self->steps)));
}

/* C8: a tainted subject writes to no device but those that keep nothing. */
FIXTURE(C8_device)
{
	char steps[256];
};

FIXTURE_VARIANT(C8_device)
{
	struct node node;
	bool keeps_nothing;
};

FIXTURE_SETUP(C8_device)
{
	char open[200];

	if (!opens(&variant->node, "open_w", open, sizeof(open)))
		SKIP(return, "%s: not on this kernel", variant->node.path);
	/* The node is made before the taint rises. */
	if (variant->node.major)
		snprintf(self->steps, sizeof(self->steps),
			 "mknod=c,%d,%d," LOW_ARENA "/node taint=" SECRET " try open_w=" LOW_ARENA
			 "/node",
			 variant->node.major, variant->node.minor);
	else
		snprintf(self->steps, sizeof(self->steps), "taint=" SECRET " %s", open);
}

FIXTURE_TEARDOWN(C8_device)
{
}

#define SINK_DEVICE(name, nothing, ...)                           \
	FIXTURE_VARIANT_ADD(C8_device, name)                      \
	{                                                         \
		.node = { __VA_ARGS__ }, .keeps_nothing = nothing \
	}
SINK_DEVICE(null, true, "/dev/null", 1, 3);
SINK_DEVICE(zero, true, "/dev/zero", 1, 5);
SINK_DEVICE(random, true, "/dev/urandom", 1, 9);
SINK_DEVICE(C7_kernel_log, false, "/dev/kmsg", 1, 11);
SINK_DEVICE(serial_line, false, "/dev/ttyS0", 4, 64);
SINK_DEVICE(B17_console, false, "/dev/console", 5, 1);
SINK_DEVICE(screen, false, "/dev/vcs", 7, 0);
SINK_DEVICE(input, false, "/dev/input/event0", 13, 64);
SINK_DEVICE(user_input, false, "/dev/uinput", 10, 223);
SINK_DEVICE(clock, false, "/dev/rtc0");
SINK_DEVICE(frame_buffer, false, "/dev/fb0", 29, 0);
SINK_DEVICE(virtual_machine, false, "/dev/kvm", 10, 232);
SINK_DEVICE(nvram, false, "/dev/nvram", 10, 144);
SINK_DEVICE(tpm, false, "/dev/tpm0");
SINK_DEVICE(A6_fuse, false, "/dev/fuse", 10, 229);
SINK_DEVICE(D19_tun, false, "/dev/net/tun", 10, 200);
SINK_DEVICE(M19_scsi_generic, false, SCSI_GENERIC);

TEST_F(C8_device, permissive_leaks)
{
	ASSERT_EQ(0, attack_set_mode(MODE_PERMISSIVE));
	ASSERT_EQ(0, attack_reset_arenas());
	EXPECT_FALSE(actor_denied(actor_play(CLEARED, self->steps)));
}

TEST_F(C8_device, is_no_sink)
{
	int status;

	ASSERT_EQ(0, attack_set_mode(MODE_ENFORCING));
	ASSERT_EQ(0, attack_reset_arenas());
	status = actor_play(CLEARED, self->steps);
	EXPECT_EQ(!variant->keeps_nothing, actor_denied(status))
	{
		TH_LOG("%s: %s", self->steps, actor_status_text(status));
	}
}

TEST_HARNESS_MAIN
