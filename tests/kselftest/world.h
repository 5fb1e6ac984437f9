/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world that all tests live in: places, programs, hosts. world.c builds
 * it; policies/world.cordon says what it holds. The same names are in both.
 */
#ifndef CORDON_TEST_WORLD_H
#define CORDON_TEST_WORLD_H

#define CANARY_BYTES	  32
#define CANARY_XATTR	  "user.cordon_canary"
#define CANARY_ENV	  "CORDON_TEST_CANARY"
#define WITHOUT_GUARD_ENV "CORDON_TEST_WITHOUT_GUARD"
#define SOAK_ENV	  "CORDON_TEST_SOAK" /* set: play the races for hours */

/* Where a holder exposes what it read; far from anything the loader uses. */
#define EXPOSED_ADDRESS 0x600000000000ULL

/* One file system (tmpfs): a move between places on it is never EXDEV by itself. */
#define SRV_DIR	       "/srv"
#define SECRET_DIR     "/srv/c" /* secret */
#define LOW_DIR	       "/srv/low" /* unclassified */
#define INBOX_DIR      "/srv/inbox" /* secret drop */
#define CUI_DIR	       "/srv/cui" /* cui */
#define ARROW_DIR      "/srv/arrow" /* secret arrow */
#define PARENT_DIR     "/srv/parent" /* unclassified; /srv/parent/c is secret */
#define DEEP_DIR       "/srv/deep" /* secret */
#define SECRET	       SECRET_DIR "/secret"
#define SECRET_POINTER SECRET_DIR "/pointer" /* symbolic link: the canary is where it leads */
#define SECRET_NAMED   SECRET_DIR "/named" /* the canary is an attribute's name */
#define LOW_FILE       LOW_DIR "/file"
#define PROBE	       LOW_DIR "/probe" /* who may open it for writing has no taint */
#define OLD_LINK       LOW_DIR "/oldlink" /* hard link to SECRET, older than the policy */

/* A disk (ext4), whose inodes the kernel can forget. */
#define DISK_DIR      "/disk"
#define DISK_SECRET   "/disk/c/secret" /* secret */
#define DISK_DONOR    "/disk/c/donor" /* secret; for what changes it */
#define DISK_LOW      "/disk/low/file"
#define DISK_OLD_LINK "/disk/low/oldlink"
/* One more such file, for a test that takes its classified name away. */
#define DISK_LATE_NAME "/disk/c/late"
#define DISK_LATE_LINK "/disk/low/latelink"

/* Disks that hold what the policy gives a label, in one way or another. */
#define DISK_DEVICE  "/dev/vda"
#define SCSI_DISK    "/dev/sda" /* the canary is in its first sector */
#define SCSI_GENERIC "/dev/sg0" /* the same disk, past its node */
#define LOOP_DEVICE  "/dev/loop0" /* over DISK_DEVICE */

/* Per test: made anew before each, see attack.c. */
#define SECRET_ARENA SECRET_DIR "/arena"
#define LOW_ARENA    LOW_DIR "/arena"

#define PROGRAM_ARENA SRV_DIR "/programs" /* a rule clears the programs in it for secret */

/* The actor, by the clearance of the place. */
#define PLAIN	     "/plain/actor"
#define CLEARED	     "/cleared/actor" /* secret */
#define ARROW	     "/arrowed/actor" /* secret arrow */
#define TRUSTED	     "/trusted/actor" /* topsecret all, trusted */
#define BY_USER	     "/byuser/actor" /* user engineer: secret */
#define BY_GROUP     "/bygroup/actor" /* group cleared: secret */
#define BY_UNIT	     "/byunit/actor" /* unit backup.service: secret */
#define LADDER	     "/ladder/actor" /* cui; user engineer: secret */
#define ENGINEER_UID 1000
#define OTHER_UID    1001
#define CLEARED_GID  2000
#define OTHER_GID    2001
#define UNIT_CGROUP  "/sys/fs/cgroup/system.slice/backup.service"
#define OTHER_CGROUP "/sys/fs/cgroup/system.slice/other.service"

/* Hosts: network name spaces, each with one address of each family. */
#define UNK_V4 "198.51.100.7" /* no rule knows it */
#define UNK_V6 "2001:db8:f::7"
#define LOW_V4 "192.0.2.10" /* known, unclassified */
#define LOW_V6 "2001:db8:a::10"
#define HI_V4  "192.0.2.20" /* cleared for secret */
#define HI_V6  "2001:db8:c::20"
/* Our own address on the wire to each. */
#define US_UNK_V4 "198.51.100.6"
#define US_UNK_V6 "2001:db8:f::6"
#define US_LOW_V4 "192.0.2.11"
#define US_LOW_V6 "2001:db8:a::11"
#define US_HI_V4  "192.0.2.21"
#define US_HI_V6  "2001:db8:c::21"

#define TCP_PORT    9000
#define UDP_PORT    9001
#define SLOW_PORT   9002 /* accepts, and begins to read a second later */
#define OPEN_PORT   7001 /* a rule lets anyone in */
#define CLOSED_PORT 7002

/* What an unclassified subject sends to where it may not. */
#define REACH_TEXT "one-harmless-but-forbidden-line"

/* What the tests themselves keep; nothing of it is classified. */
#define RUN_DIR	     "/run/kselftest"
#define RECORDS_FILE "/out/records.jsonl" /* `cordon records -f --json` writes it */
#define MODE_FILE    RUN_DIR "/mode" /* the mode as it was set last */
#define SINK_DIR     RUN_DIR "/sinks" /* <host>.data: all that reached the host */

/* Files that can be executed, made anew. 0 or -errno. */
int world_copy_program(const char *from, const char *to);
int world_write_program(const char *path, const char *text);

#endif /* CORDON_TEST_WORLD_H */
