/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every struct and constant that crosses a boundary: policy image, maps,
 * audit records, /dev/cordon. Fixed sizes, no holes, asserted below.
 *
 * CORDON_ABI_VERSION goes up by one with every change of a size, an offset or
 * a meaning here; both sides of a boundary compare it and refuse a mismatch
 * with both numbers. New names at the end of a list need no new version.
 */
#ifndef CORDON_ABI_H
#define CORDON_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define CORDON_ABI_VERSION 2

/* ---- Names: one table each, X(NAME, "text", "what it means") ---------- */

#define CORDON_VERDICTS(X)                                                           \
	X(ALLOW, "allow", "the access went ahead")                                   \
	X(DENY, "deny", "the access was refused")                                    \
	X(WOULD_DENY, "would-deny", "permissive mode: decided as deny, not applied") \
	X(CHANGE, "change", "no access: policy, mode or guard changed")

#define CORDON_REASONS(X)                                                                          \
	X(NONE, "none", "nothing speaks against it")                                               \
	X(READ_UP, "read-up", "R1: the clearance does not dominate the object's label")            \
	X(WRITE_DOWN, "write-down", "R2: the object's label does not dominate the taint")          \
	X(OVERWRITE, "overwrite", "R2: nobody destroys what he may not read")                      \
	X(UNKNOWN_HOST, "unknown-host", "R3: no rule names this host, port and protocol")          \
	X(HOST_CLEARANCE, "host-clearance", "R3: the host is not cleared for the taint")           \
	X(ACT_UP, "act-up", "R4: the clearance does not dominate the other subject")               \
	X(RELABEL, "relabel", "R5: the move or link would change what the policy says")            \
	X(PROGRAM, "program",                                                                      \
	  "R6: a program that a rule clears is changed by trusted subjects only")                  \
	X(GUARD, "guard", "R7: the object belongs to the guard")                                   \
	X(FAMILY, "family", "this socket family or type is for trusted subjects only")             \
	X(OPTION, "option", "this socket option is for trusted subjects only")                     \
	X(MECHANISM, "mechanism", "this mechanism is closed to cleared subjects")                  \
	X(TRUSTED, "trusted", "allowed by the exemption of a trusted subject")                     \
	X(RAISED, "raised", "the read was allowed and raised the taint")                           \
	X(READ, "read", "the policy asks that such reads are recorded")                            \
	X(EXEC, "exec", "the program was given a clearance")                                       \
	X(NO_SUBJECT, "no-subject", "the subject's state is missing or cannot be made")            \
	X(NO_OBJECT, "no-object", "the object's state cannot be kept")                             \
	X(NO_POLICY, "no-policy", "no complete policy generation is loaded")                       \
	X(TOO_DEEP, "too-deep", "the path is deeper than the bound")                               \
	X(UNSTABLE, "unstable", "the path kept changing while it was looked at")                   \
	X(DETACHED, "detached", "the file is not connected to the root of its file system")        \
	X(AUTOMATON, "automaton", "the path automaton is inconsistent")                            \
	X(ADDRESS, "address", "the address cannot be read or has no known form")                   \
	X(MOUNTS, "mounts", "the file system is mounted at too many places")                       \
	X(LEDGER_FULL, "ledger-full", "no room for the record that the policy requires")           \
	X(POLICY, "policy", "a policy generation became active")                                   \
	X(MODE, "mode", "the mode changed")                                                        \
	X(ADOPTED, "adopted", "running processes were labelled")                                   \
	X(HELD, "held", "the module holds the enforcement links")                                  \
	X(RELEASED, "released", "the module let the enforcement links go")                         \
	X(STORE, "store", "what befell the store of records")                                      \
	X(SEALED, "sealed", "the system is sealed until reboot, or the broken glass is whole")     \
	X(BROKEN, "glass-broken", "the seal is suspended for a time")                              \
	X(LABEL_RAISED, "label-raised", "the write was allowed and raised the file's label")       \
	X(LABEL_NAME, "label-name",                                                                \
	  "a new name in a lower directory was allowed: the policy raises")                        \
	X(LABEL_INVALID, "label-invalid", "the stored label is damaged, forged or another host's") \
	X(LABEL_UNREAD, "label-unread", "the stored label cannot be read or raised from here")     \
	X(LABEL_UNKEPT, "label-unkept", "R2: this file system keeps no labels, so none can rise")  \
	X(LABEL_READ_ONLY, "label-read-only", "R2: read-only or immutable: the label cannot rise") \
	X(LABEL_FULL, "label-full", "R2: no room on the disk for the label to rise")               \
	X(LABEL_IN_USE, "label-in-use", "R2: the label cannot rise while the file is open")        \
	X(LABEL_REOPEN, "label-reopen",                                                            \
	  "R2: opened before the taint rose: close it, open it again")                             \
	X(LABEL_FAILED, "label-failed", "R2: the label could not be stored")                       \
	X(LABEL_SET, "label-set", "an administrator set a file's stored label")                    \
	X(LABEL_CLEARED, "label-cleared", "an administrator cleared a file's stored label")        \
	X(SHARED, "shared", "memory that others see could not rise with the taint")                \
	X(IN_FLIGHT, "in-flight", "what was under way could not be ended in time")

#define CORDON_OPERATIONS(X)                                                               \
	X(NONE, "none", "")                                                                \
	X(OPEN_READ, "open-read", "open for reading")                                      \
	X(OPEN_WRITE, "open-write", "open for writing")                                    \
	X(READ, "read", "read from an open descriptor")                                    \
	X(WRITE, "write", "write to an open descriptor")                                   \
	X(MAP, "map", "map into memory")                                                   \
	X(RECEIVE_FILE, "receive-file", "receive a descriptor")                            \
	X(TRUNCATE, "truncate", "truncate")                                                \
	X(CREATE, "create", "create a name")                                               \
	X(LINK, "link", "make a hard link")                                                \
	X(RENAME, "rename", "rename")                                                      \
	X(DELETE, "delete", "delete a name")                                               \
	X(ATTRIBUTE, "attribute", "change attributes")                                     \
	X(EXECUTE, "execute", "execute a program")                                         \
	X(FORK, "fork", "make a process")                                                  \
	X(ACT, "act", "act on another subject")                                            \
	X(SOCKET, "socket", "make a socket")                                               \
	X(CONNECT, "connect", "connect to a host")                                         \
	X(SEND, "send", "send to a host")                                                  \
	X(ACCEPT, "accept", "accept a connection")                                         \
	X(PACKET, "packet", "emit a packet")                                               \
	X(SETSOCKOPT, "setsockopt", "set a socket option")                                 \
	X(UNIX_CONNECT, "unix-connect", "connect to a unix socket")                        \
	X(IO_URING, "io-uring", "make an io_uring")                                        \
	X(MOUNT, "mount", "mount a file system")                                           \
	X(GUARD, "guard", "touch the guard")                                               \
	X(CONTROL, "control", "the controller's own doing")                                \
	X(BPF, "bpf", "load a BPF program")                                                \
	X(KERNEL, "kernel", "reach the kernel's memory or code")                           \
	X(READ_ATTRIBUTE, "read-attribute", "read attributes or a symbolic link's target") \
	X(WATCH, "watch", "watch for changes")                                             \
	X(IOCTL, "ioctl", "control a file or device")                                      \
	X(DUMP, "dump", "hand a core dump to a helper")                                    \
	X(NETLINK, "netlink", "send to the kernel or a process by netlink")                \
	X(LOAD_MODULE, "load-module", "have a kernel module loaded by name")

#define CORDON_MODES(X)                                    \
	X(OFF, "off", "nothing is loaded")                 \
	X(PERMISSIVE, "permissive", "decides and records") \
	X(ENFORCING, "enforcing", "decides, records and applies")

#define CORDON_ENUM_VERDICT(name, text, doc)   CORDON_VERDICT_##name,
#define CORDON_ENUM_REASON(name, text, doc)    CORDON_REASON_##name,
#define CORDON_ENUM_OPERATION(name, text, doc) CORDON_OPERATION_##name,
#define CORDON_ENUM_MODE(name, text, doc)      CORDON_MODE_##name,
enum cordon_verdict {
	CORDON_VERDICTS(CORDON_ENUM_VERDICT) CORDON_VERDICT_COUNT
};
enum cordon_reason {
	CORDON_REASONS(CORDON_ENUM_REASON) CORDON_REASON_COUNT
};
enum cordon_operation {
	CORDON_OPERATIONS(CORDON_ENUM_OPERATION) CORDON_OPERATION_COUNT
};
enum cordon_mode {
	CORDON_MODES(CORDON_ENUM_MODE) CORDON_MODE_COUNT
};

/* ---- Subjects and objects --------------------------------------------- */

#define CORDON_SUBJECT_TRUSTED	  0x1u /* exempt from R2, each use recorded */
#define CORDON_SUBJECT_CONTROLLER 0x2u /* the guard's own controller */
#define CORDON_SUBJECT_FOREIGN	  0x4u /* holds descriptors it did not open under this clearance */
#define CORDON_SUBJECT_KERNEL	  0x8u /* a kernel thread */
#define CORDON_SUBJECT_FORKING	  0x10u /* made, but the fork has not finished (bypass M9) */
#define CORDON_SUBJECT_EXITED	  0x20u /* its pending record count was flushed */
#define CORDON_SUBJECT_INIT	  0x1000u /* process 1, and its children until they execute */
#define CORDON_SUBJECT_MODEST	  0x4000u /* the controller, reading for somebody else */
#define CORDON_SUBJECT_STARTING \
	0x2000u /* executes the controller's program, not yet in its place */

#define CORDON_OBJECT_DROP	 0x1u /* lower subjects may write, not read */
#define CORDON_OBJECT_PROGRAM	 0x2u /* a rule gives this program a clearance */
#define CORDON_OBJECT_FLOATS	 0x4u /* takes the join of what is written to it */
#define CORDON_OBJECT_NEUTRAL	 0x8u /* carries no data of a subject's: never checked */
#define CORDON_OBJECT_PROCESS	 0x10u /* shows a process (/proc): has its taint of now */
#define CORDON_OBJECT_EGRESS	 0x20u /* a device below the checks of hosts: for trusted subjects */
#define CORDON_OBJECT_GUARD	 0x1000u /* R7: changed by the controller and trusted subjects only */
#define CORDON_OBJECT_BOOT	 0x2000u /* R7 once sealed: what the next boot, or the kernel, runs */
#define CORDON_OBJECT_CONTROLLER 0x4000u /* the controller's program */
/* What R7 asks for; neither a label nor part of what R5 compares. */
#define CORDON_OBJECT_R7 (CORDON_OBJECT_GUARD | CORDON_OBJECT_BOOT | CORDON_OBJECT_CONTROLLER)

/* ---- The policy image -------------------------------------------------- */
/*
 * One file, little endian: struct cordon_image, then the sections in the
 * order of enum cordon_section, each an array of its struct, 8-byte aligned.
 */
#define CORDON_IMAGE_MAGIC  0x31474d494e445243ULL /* "CRDNIMG1" */
#define CORDON_NAME_BYTES   32 /* policy, level and category names, NUL included */
#define CORDON_UNIT_BYTES   64 /* systemd unit name, NUL padded */
#define CORDON_DIGEST_BYTES 32 /* BLAKE2b-256 of the image with this field zero */
#define CORDON_FILE_BYTES   64 /* policy file's base name, NUL included */

/* Limits that `check` reports with their number. */
#define CORDON_PATTERN_BYTES_MAX      4096 /* PATH_MAX */
#define CORDON_AUTOMATON_SLOTS_MAX    (8u << 20)
#define CORDON_RULES_MAX	      (1u << 20)
#define CORDON_GRANTS_PER_PROGRAM_MAX 64
#define CORDON_PORTS_PER_HOST_MAX     64
#define CORDON_GROUPS_MAX	      64 /* supplementary groups looked at in an exec */
#define CORDON_DEPTH_MAX	      256 /* path components; deeper is denied (too-deep) */
#define CORDON_MOUNTS_PER_SUPERBLOCK  4

enum cordon_section {
	CORDON_SECTION_SLOTS, /* struct cordon_slot: the path automaton */
	CORDON_SECTION_ACCEPTS, /* struct cordon_accept; [0] is "no rule" */
	CORDON_SECTION_GRANTS, /* struct cordon_grant, a program's together */
	CORDON_SECTION_HOSTS, /* struct cordon_host: one per distinct prefix */
	CORDON_SECTION_PORTS, /* struct cordon_port, a host's together */
	CORDON_SECTION_HOSTNAMES, /* struct cordon_hostname: for the controller to resolve */
	CORDON_SECTION_DEVICES, /* struct cordon_device: for the controller to resolve */
	CORDON_SECTION_RULES, /* struct cordon_rule: where each rule stands; [0] is none */
	CORDON_SECTION_FILES, /* struct cordon_file: file names of the policy */
	CORDON_SECTION_LEVELS, /* struct cordon_name */
	CORDON_SECTION_CATEGORIES, /* struct cordon_name */
	CORDON_SECTION_STRINGS, /* bytes: paths and host names, NUL terminated */
	CORDON_SECTION_COUNT
};

#define CORDON_SLOT_DEFAULT 0 /* slot[s]: check s, next: default transition */
#define CORDON_SLOT_ACCEPT  1 /* slot[s + 1]: check s, next: accept index */
#define CORDON_CLASS_FIRST  2 /* byte classes are numbered from here */
#define CORDON_ACCEPT_NONE  0xffffffffu
struct cordon_slot {
	__u32 check; /* the state this slot belongs to; 0: free */
	__u32 next;
};

/* What the policy says of a path. */
struct cordon_accept {
	__u64 label;
	__u32 flags; /* CORDON_OBJECT_DROP | CORDON_OBJECT_PROGRAM | CORDON_OBJECT_R7 */
	__u32 rule; /* the file rule that decided; 0: none */
	__u32 grant_first; /* grants of the program at this path */
	__u32 grant_count;
	__u32 below; /* equal numbers: this path and all below it are treated alike (R5) */
	__u32 reserved;
};

/*
 * A `program` rule. A program's grants are ordered by rank, highest first
 * (more qualifiers first; among as many: user, group, unit). The first that
 * matches decides; others that match with the same rank only lower it.
 */
#define CORDON_GRANT_USER    0x1u
#define CORDON_GRANT_GROUP   0x2u
#define CORDON_GRANT_UNIT    0x4u
#define CORDON_GRANT_TRUSTED 0x8u
struct cordon_grant {
	__u64 clearance;
	__u32 flags;
	__u32 rank;
	__u32 uid;
	__u32 gid;
	__u32 rule;
	__u32 reserved;
	char unit[CORDON_UNIT_BYTES];
};

/* 16 bytes, IPv4 mapped; see cordon_address_canonical(). */
struct cordon_address {
	__u8 bytes[16];
};

/* The key of the hosts' longest-prefix-match table. */
struct cordon_prefix {
	__u32 bits; /* 0 .. 128 */
	struct cordon_address address;
};

/* Port ranges of a prefix; those of shorter prefixes are folded in, after its own. */
struct cordon_host_ports {
	__u32 first;
	__u32 count;
};

struct cordon_host {
	struct cordon_prefix prefix;
	struct cordon_host_ports ports;
};

/* First match decides. Ports in host byte order. */
struct cordon_port {
	__u64 clearance;
	__u32 rule;
	__u16 low;
	__u16 high;
	__u8 protocol; /* IPPROTO_TCP, IPPROTO_UDP, ...; 0: any */
	__u8 inbound; /* 1: the peer connects to us, the port is ours */
	__u8 folded; /* 1: comes from a shorter prefix */
	__u8 reserved[5];
};

/* A `host` rule with a name: the controller adds its addresses, then folds. */
struct cordon_hostname {
	__u32 name; /* offset into the strings */
	__u32 reserved;
	struct cordon_port port;
};

struct cordon_device {
	__u64 label;
	__u32 path; /* offset into the strings */
	__u32 rule;
};

struct cordon_rule {
	__u32 file; /* index into the files */
	__u32 line;
};

struct cordon_file {
	char name[CORDON_FILE_BYTES];
};

struct cordon_name {
	char text[CORDON_NAME_BYTES];
};

#define CORDON_OPTION_LEDGER_FULL_DENY 0x1u
#define CORDON_OPTION_WRITE_DOWN_RAISE 0x2u
#define CORDON_OPTION_RECORD_READS     0x4u
#define CORDON_OPTION_RESTRICTS	       0x8u /* some object has a label, or some host is unknown */
#define CORDON_OPTION_TERMINAL_NEUTRAL 0x10u /* labels of pseudo-terminals do not float */

/* The part of an image that every decision can need. */
struct cordon_policy {
	__u64 version; /* of the policy; never goes back */
	__u32 generation; /* set by the loader; 0: not loaded */
	__u32 options; /* CORDON_OPTION_* */
	__u64 record_reads; /* reads of labels that dominate this are recorded */
	__u64 high; /* join of all labels that rules give to objects */
	__u32 start; /* the automaton's state before the first byte */
	__u32 slot_count;
	__u32 accept_count;
	__u32 grant_count;
	__u32 port_count;
	__u32 reserved;
	__u8 digest[CORDON_DIGEST_BYTES];
	__u8 class[256]; /* byte -> class, CORDON_CLASS_FIRST and up */
};

struct cordon_image {
	__u64 magic;
	__u32 abi;
	__u32 header_bytes; /* sizeof(struct cordon_image) */
	__u64 total_bytes;
	char name[CORDON_NAME_BYTES];
	struct {
		__u64 offset; /* bytes from the start of the image */
		__u64 count; /* elements */
	} section[CORDON_SECTION_COUNT];
	struct cordon_policy policy;
};

/* ---- Maps -------------------------------------------------------------- */
/*
 * Per generation there is one inner map of each kind; outer arrays of two
 * elements hold them, at index (generation & 1). Their names in the object
 * are the comments' first word.
 */
#define CORDON_PAGE_SLOTS 512 /* slots are kept in pages of 4 KiB */
struct cordon_page {
	struct cordon_slot slot[CORDON_PAGE_SLOTS];
};

/*
 * A file system and where its root lies in the name space. Whoever may mount
 * can put a file system of his own over the place of a cleared program
 * (bypass A5): only places that were there when an administrator loaded the
 * policy give clearances. Labels are taken from all of them.
 */
struct cordon_superblock {
	__u64 label; /* least label of everything on it */
	__u32 count; /* of states; more than the bound: too many places */
	__u32 state[CORDON_MOUNTS_PER_SUPERBLOCK]; /* automaton states at its root */
	__u32 granting; /* so many states, the first ones, give clearances */
};

/* Key of the table of files with several names. */
struct cordon_link_key {
	__u32 device; /* s_dev as the kernel has it: major << 20 | minor */
	__u32 generation; /* of the inode, where the kernel noted it; the controller: 0 */
	__u64 inode;
};

/* The one word that every hook reads first. In the object's .data. */
struct cordon_control {
	__u32 generation; /* the active one; 0: none yet */
	__u32 mode; /* enum cordon_mode */
	__u64 boot[2]; /* boot id */
	__u64 wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_BOOTTIME at load */
};

/* What R7 protects besides what has a name or an id. */
struct cordon_guard_state {
	__u64 mount_namespace; /* the controller's, as an address */
	__u32 controller_pid;
	__u32 pins_device; /* s_dev of the bpffs */
	__u32 door_device; /* of /dev/cordon; 0: no module */
	__u32 reserved;
};

/* ---- Audit records ------------------------------------------------------ */

#define CORDON_PATH_BYTES	 256
#define CORDON_COMM_BYTES	 16
#define CORDON_RECORD_PATH_CUT	 0x1u /* the path's beginning is missing */
#define CORDON_RECORD_EXE_CUT	 0x2u
#define CORDON_RECORD_HAS_OBJECT 0x4u
#define CORDON_RECORD_HAS_HOST	 0x8u
#define CORDON_RECORD_HAS_TARGET 0x10u /* object is a subject: target_* are set */
#define CORDON_RECORD_HAS_TEXT	 0x20u /* path holds a text of the controller's */
/*
 * What every record of the ledger begins with; ledger.h says what the tag is made of. A record
 * that no ledger took, because the module is not there, has algorithm 0, chain CORDON_CHAIN_NONE
 * and a sequence of the guard's own count.
 */
#define CORDON_TAG_BYTES 16
#define CORDON_HEADER_MEMBERS                                             \
	__u32 abi;                                                        \
	__u32 bytes; /* of the whole record, this header included */      \
	__u64 sequence; /* in its chain, from 1; see ledger.h for gaps */ \
	__u64 boot[2];                                                    \
	__u64 boottime_ns; /* CLOCK_BOOTTIME */                           \
	__u64 realtime_ns; /* wall clock */                               \
	__u64 ledger; /* which of the boot's ledgers; 0: none */          \
	__u64 epoch;                                                      \
	__u32 chain; /* the CPU's number, or CORDON_CHAIN_* */            \
	__u8 algorithm; /* CORDON_ALGORITHM_* */                          \
	__u8 class; /* CORDON_CLASS_*: which struct this is */            \
	__u8 header_reserved[2];                                          \
	__u8 tag[CORDON_TAG_BYTES];
struct cordon_header {
	CORDON_HEADER_MEMBERS
};

#define CORDON_ALGORITHM_NONE	 0
#define CORDON_ALGORITHM_BLAKE2S 1 /* ledger.h; HMAC-SHA-256 would be 2 */
#define CORDON_RECORD_BYTES_MAX	 4096
#define CORDON_CHAIN_NONE	 0xffffffffu
#define CORDON_CHAIN_EPOCHS	 0xfffffffeu /* the module's own: epochs and changes */
#define CORDON_CLASS_NONE	 0
#define CORDON_CLASS_ACCESS	 1 /* struct cordon_record */
#define CORDON_CLASS_EPOCH	 2 /* struct cordon_epoch */
#define CORDON_CLASS_CHANGE	 3 /* struct cordon_change */

/* What the module saw change; see struct cordon_change. */
#define CORDON_CHANGES(X)                                                                \
	X(NONE, "none", "")                                                              \
	X(BEGIN, "begin", "the ledger began")                                            \
	X(CPU_ONLINE, "cpu-online", "a CPU came; value: its number")                     \
	X(CPU_OFFLINE, "cpu-offline", "a CPU goes; value: its number")                   \
	X(SUSPEND, "suspend", "the system goes to sleep")                                \
	X(RESUME, "resume", "the system woke up; value: nanoseconds asleep")             \
	X(POLICY, "policy", "a policy became active; value: its version, its digest")    \
	X(MODE, "mode", "the mode changed; value: the new one")                          \
	X(HOLD, "hold", "enforcement links are held; value: how many")                   \
	X(RELEASE, "release", "the enforcement links were let go")                       \
	X(SEAL, "seal", "the system was sealed until reboot")                            \
	X(CONTROLLER, "controller", "a controller came; value: its process")             \
	X(CONTROLLER_GONE, "controller-gone", "the controller left; value: its process") \
	X(SHUTDOWN, "shutdown", "the system shuts down; the last change of the boot")    \
	X(BROKEN, "broken", "the seal's glass was broken; value: for how many seconds")  \
	X(MENDED, "mended", "the seal holds again; value: the number of the breaking")
#define CORDON_ENUM_CHANGE(name, text, doc) CORDON_CHANGE_##name,
enum cordon_change_kind {
	CORDON_CHANGES(CORDON_ENUM_CHANGE) CORDON_CHANGE_COUNT
};

/*
 * Paths are relative to the root of their file system; the reader of records
 * puts the place where the device is mounted before it. The texts come last: what is behind their
 * first zero is zero, and is no part of what is tagged.
 */
struct cordon_record {
	union {
		struct {
			CORDON_HEADER_MEMBERS
		};
		struct cordon_header header;
	};
	__u64 count; /* identical denials that this record stands for, >= 1 */
	__u64 repeats_of; /* sequence of the record that says of what; 0: this one */
	__u32 repeats_chain; /* its chain */
	__u32 record_reserved;
	__u64 policy_version;
	__u8 policy_digest[8]; /* its first bytes */
	__u32 rule; /* index into the image's rules; 0: none */
	__u32 generation;
	__u16 verdict;
	__u16 reason;
	__u16 operation;
	__u16 mode;
	__u32 flags; /* CORDON_RECORD_* */
	/* subject */
	__u32 pid; /* process (thread group) */
	__u32 tid;
	__u32 parent;
	__u32 uid;
	__u32 gid;
	__u32 login_uid; /* 0xffffffff: unset */
	__u32 session; /* audit session; 0xffffffff: unset */
	__u32 subject_flags;
	__u32 net_namespace; /* inode number of the socket's network namespace */
	__u64 start_ns; /* process start, CLOCK_BOOTTIME */
	__u64 clearance;
	__u64 taint;
	__u32 exe_device;
	__u32 subject_rule; /* the grant's rule; 0: none */
	__u64 exe_inode;
	char comm[CORDON_COMM_BYTES];
	/* object */
	__u32 object_device;
	__u32 object_flags;
	__u64 object_inode;
	__u64 object_label;
	/* target subject */
	__u32 target_pid;
	__u32 target_reserved;
	__u64 target_clearance;
	__u64 target_taint;
	/* host */
	struct cordon_address address;
	__u64 host_clearance;
	__u16 port; /* host byte order; inbound: ours */
	__u8 protocol;
	__u8 inbound;
	__u8 family;
	__u8 host_known;
	__u8 reserved[2];
	/* texts */
	char exe[CORDON_PATH_BYTES]; /* of the subject */
	char path[CORDON_PATH_BYTES]; /* of the object */
};

/* Counters, one array element each, per CPU: nothing is silent. */
#define CORDON_COUNTERS(X)                                                       \
	X(RECORDS, "records", "records made")                                    \
	X(LOST, "lost", "records lost because the ring was full")                \
	X(COALESCED, "coalesced", "denials counted in another record")           \
	X(FIRST_LOOKS, "first-looks", "paths looked at (not cached)")            \
	X(DENIED, "denied", "accesses refused")                                  \
	X(WOULD_DENY, "would-deny", "accesses that enforcing mode would refuse") \
	X(RAISES, "raises", "taints raised")                                     \
	X(PACKETS_DROPPED, "packets-dropped", "packets stopped at the last check")

#define CORDON_ENUM_COUNTER(name, text, doc) CORDON_COUNTER_##name,
enum cordon_counter {
	CORDON_COUNTERS(CORDON_ENUM_COUNTER) CORDON_COUNTER_COUNT
};
/* Denials by reason are counted after them, at CORDON_COUNTER_COUNT + reason. */
#define CORDON_COUNTERS_MAX (CORDON_COUNTER_COUNT + CORDON_REASON_COUNT)

/* One process as the iterator `subjects` writes it (cordon explain --live). */
struct cordon_live {
	__u32 pid; /* process (thread group) */
	__u32 tid;
	__u32 flags; /* CORDON_SUBJECT_* */
	__u32 rule;
	__u64 clearance;
	__u64 taint;
	__u64 start_ns;
	__u32 labelled; /* 0: has no state yet */
	__u32 uid;
	char comm[CORDON_COMM_BYTES];
};

/* ---- Stored labels, between the programs and the module ------------------- */

/* Answers; what is negative is a reason. */
#define CORDON_LABEL_KNOWN    0
#define CORDON_LABEL_UNMARKED 1 /* known, and no file of this file system has one */
#define CORDON_LABEL_AGAIN    2 /* the system call must begin anew; it will be known then */
#define CORDON_LABEL_PROMISED 3 /* the file is new; not writable before the label is stored */

/* How the file whose label is to rise is being used. */
#define CORDON_RAISE_PATH     0 /* by name */
#define CORDON_RAISE_OPEN     1 /* opened for writing */
#define CORDON_RAISE_TRUNCATE 2 /* and truncated */
#define CORDON_RAISE_CREATED  3 /* and made by that */
#define CORDON_RAISE_NEVER    4 /* by a descriptor, which others may share: only if it has risen */

/* Whether stored labels are on a file system. */
#define CORDON_MARKS_NONE 1u
#define CORDON_MARKS_SOME 2u

/* ---- Terminals, from the module to the programs ---------------------------- */

#define CORDON_TERMINAL_NONE   0 /* none, a virtual console, or one that was hung up */
#define CORDON_TERMINAL_MASTER 1 /* of a pseudo-terminal */
#define CORDON_TERMINAL_SLAVE  2
#define CORDON_TERMINAL_LINE   3 /* leads off the host */

/* ---- /dev/cordon --------------------------------------------------------- */

#define CORDON_DEVICE	  "/dev/cordon"
#define CORDON_IOCTL_TYPE 0xC0
#define CORDON_LINKS_MAX  128

/*
 * Opened for writing by the one controller; opened O_RDONLY by observers, who
 * may say HELLO and ask for LINKS. HELLO fails with EPROTO, and the module's
 * version in @abi, when the versions differ.
 */
struct cordon_hello {
	__u32 abi; /* in: the caller's; out: the module's */
	__u32 flags; /* out: CORDON_HELLO_* */
	__u32 links_held; /* out */
	__u32 pid; /* out: the controller's, 0: none */
	__u64 refused; /* out: calls the module refused since load */
	__u64 load_boottime_ns; /* out */
};
#define CORDON_HELLO_FTRACE_HELD 0x1u /* ftrace_enabled cannot be switched off */
#define CORDON_HELLO_ENFORCING	 0x2u /* the module does not unload */

/* HOLD: the module takes a reference to each link; RELEASE lets all go. */
struct cordon_hold {
	__u32 count;
	__u32 reserved;
	__s32 link_fd[CORDON_LINKS_MAX];
};

/* LINKS: ids of the held links, so that a restarted controller finds its maps. */
struct cordon_links {
	__u32 count; /* out */
	__u32 reserved;
	__u32 link_id[CORDON_LINKS_MAX];
};

/*
 * BEGIN starts the module's ledger, once: the boot's number goes in. With CORDON_LEDGER_ENROLLED
 * its secret comes out, and is wiped in the kernel; else it is wiped unread. EALREADY afterwards.
 */
#define CORDON_SECRET_BYTES    32
#define CORDON_LEDGER_ENROLLED 0x1u /* in: the caller seals the secret to an auditor's key */
struct cordon_ledger_begin {
	__u64 boot[2]; /* in */
	__u32 flags; /* in: CORDON_LEDGER_ENROLLED */
	__u32 cpus; /* out: chains, numbered from 0 */
	__u64 ledger; /* out: its number */
	__u64 boottime_ns; /* out: when it began */
	__u64 realtime_ns; /* out */
	__u8 secret[CORDON_SECRET_BYTES]; /* out; zero when not enrolled */
};

/* LEDGER: its state. */
struct cordon_ledger_state {
	__u64 ledger; /* out: its number; 0: it has not begun */
	__u64 epoch; /* the one under way */
	__u64 records; /* sealed in all chains of CPUs */
	__u64 drops; /* records lost, counted in the chains */
	__u64 sequence; /* of the epochs' chain: epochs and changes made */
	__u64 taken; /* of these: safe with the controller */
	__u64 merged; /* epochs that lasted longer, because nobody took the ones before */
	__u64 epoch_drops; /* changes that found no room, counted in the epochs' chain */
	__u32 waiting_bytes; /* in the queue of epochs and changes */
	__u32 queue_bytes; /* its size */
	__u32 cpus;
	__u32 flags; /* CORDON_LEDGER_ENROLLED */
};

/* TAKEN: the epochs and changes read so far, up to this one, are safe on disk. */
struct cordon_ledger_taken {
	__u64 sequence; /* in the epochs' chain */
};

/* POLICY: which policy is active, for the epoch records. */
struct cordon_policy_note {
	__u64 version;
	__u32 generation;
	__u32 reserved;
	__u8 digest[CORDON_DIGEST_BYTES];
};

/* SEAL: enforcing, held and pinned until reboot. */
struct cordon_seal {
	__u8 keys[CORDON_DIGEST_BYTES]; /* of the keys that policies are signed with */
};

/* BREAK: the seal is suspended, and comes back by itself. */
#define CORDON_BREAK_SECONDS_MAX 28800u /* a shift of eight hours */
struct cordon_break_glass {
	__u64 serial; /* greater than that of any breaking before */
	__u32 seconds; /* 0: it ends now */
	__u32 reserved;
};

/* SEAL_STATE: for observers too. */
struct cordon_seal_state {
	__u32 sealed;
	__u32 broken; /* the seal does not hold at this moment */
	__u64 broken_until_ns; /* CLOCK_BOOTTIME; 0: never was broken */
	__u64 serial; /* of the last breaking */
	__u8 keys[CORDON_DIGEST_BYTES];
};

/* MODE: enforcing pins the module; permissive lets it be unloaded. */
struct cordon_set_mode {
	__u32 mode; /* enum cordon_mode */
	__u32 reserved;
};

/* LABEL_KEY: what stored labels are tagged with. Once; the same key again is no error. */
struct cordon_label_key {
	__u8 key[32]; /* CORDON_LABEL_KEY_BYTES of stored_label.h */
};

/* LABEL: looks at the stored label of a file, or changes it. */
enum cordon_label_command {
	CORDON_LABEL_LOOK,
	CORDON_LABEL_SET,
	CORDON_LABEL_CLEAR,
	CORDON_LABEL_COMMANDS
};
#define CORDON_LABEL_KEEPS  0x1u /* the file system keeps labels */
#define CORDON_LABEL_MARKED 0x2u /* and some are on it */
#define CORDON_LABEL_STORED 0x4u /* this file has one */
#define CORDON_LABEL_BROKEN 0x8u /* which is not this host's, or damaged */
#define CORDON_LABEL_OPEN   0x10u /* somebody has the file open */
struct cordon_label_request {
	__s32 fd; /* in; O_PATH is enough */
	__u32 command; /* in: enum cordon_label_command */
	__u64 label; /* in for SET, out */
	__u32 flags; /* out: CORDON_LABEL_KEEPS, ... */
	__u32 reserved;
};

#ifndef __bpf__
#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif
#define CORDON_IOCTL_HELLO   _IOWR(CORDON_IOCTL_TYPE, 1, struct cordon_hello)
#define CORDON_IOCTL_HOLD    _IOW(CORDON_IOCTL_TYPE, 2, struct cordon_hold)
#define CORDON_IOCTL_RELEASE _IO(CORDON_IOCTL_TYPE, 3)
#define CORDON_IOCTL_LINKS   _IOR(CORDON_IOCTL_TYPE, 4, struct cordon_links)
#define CORDON_IOCTL_MODE    _IOW(CORDON_IOCTL_TYPE, 5, struct cordon_set_mode)
#define CORDON_IOCTL_BEGIN   _IOWR(CORDON_IOCTL_TYPE, 6, struct cordon_ledger_begin)
#define CORDON_IOCTL_LEDGER  _IOR(CORDON_IOCTL_TYPE, 7, struct cordon_ledger_state)
#define CORDON_IOCTL_TAKEN   _IOW(CORDON_IOCTL_TYPE, 8, struct cordon_ledger_taken)
#define CORDON_IOCTL_POLICY  _IOW(CORDON_IOCTL_TYPE, 9, struct cordon_policy_note)
/* LEAVE: ends the epoch, so that a controller that stops can store all up to here. */
#define CORDON_IOCTL_LEAVE	_IO(CORDON_IOCTL_TYPE, 10)
#define CORDON_IOCTL_SEAL	_IOW(CORDON_IOCTL_TYPE, 20, struct cordon_seal)
#define CORDON_IOCTL_BREAK	_IOW(CORDON_IOCTL_TYPE, 21, struct cordon_break_glass)
#define CORDON_IOCTL_SEAL_STATE _IOR(CORDON_IOCTL_TYPE, 22, struct cordon_seal_state)
#define CORDON_IOCTL_LABEL_KEY	_IOW(CORDON_IOCTL_TYPE, 30, struct cordon_label_key)
#define CORDON_IOCTL_LABEL	_IOWR(CORDON_IOCTL_TYPE, 31, struct cordon_label_request)
#endif

/* ---- Contexts of the SEC("syscall") programs that the controller runs ----- */

/* record_control: the controller's own changes become records too. */
#define CORDON_CONTROL_TEXT_BYTES 248
struct cordon_control_note {
	__u16 reason; /* enum cordon_reason: policy, mode, adopted, held, released */
	__u16 reserved[3];
	char text[CORDON_CONTROL_TEXT_BYTES];
};

/* claim_controller: where the pins are, so that nobody else touches them. */
struct cordon_claim {
	__u32 pins_device; /* s_dev of the bpffs */
	__u32 door_device; /* of /dev/cordon; 0: no module */
};

/* lower_clearance: a ceiling for one process and what it will execute. */
struct cordon_ceiling {
	__u64 label;
	__u32 pid; /* in the initial pid namespace */
	__u32 reserved;
};

/* ---- Proof of sizes ------------------------------------------------------- */
/* Sizes are the sums of the members: no holes, no padding. */
#define CORDON_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), "ABI: size of " #type)
CORDON_ASSERT_SIZE(struct cordon_slot, 8);
CORDON_ASSERT_SIZE(struct cordon_accept, 32);
CORDON_ASSERT_SIZE(struct cordon_grant, 32 + CORDON_UNIT_BYTES);
CORDON_ASSERT_SIZE(struct cordon_prefix, 20);
CORDON_ASSERT_SIZE(struct cordon_host, 28);
CORDON_ASSERT_SIZE(struct cordon_port, 24);
CORDON_ASSERT_SIZE(struct cordon_hostname, 32);
CORDON_ASSERT_SIZE(struct cordon_device, 16);
CORDON_ASSERT_SIZE(struct cordon_policy, 56 + CORDON_DIGEST_BYTES + 256);
CORDON_ASSERT_SIZE(struct cordon_image, 24 + CORDON_NAME_BYTES + 16 * CORDON_SECTION_COUNT + 344);
CORDON_ASSERT_SIZE(struct cordon_page, 4096);
CORDON_ASSERT_SIZE(struct cordon_superblock, 32);
CORDON_ASSERT_SIZE(struct cordon_link_key, 16);
CORDON_ASSERT_SIZE(struct cordon_control, 32);
CORDON_ASSERT_SIZE(struct cordon_header, 88);
CORDON_ASSERT_SIZE(struct cordon_guard_state, 24);
CORDON_ASSERT_SIZE(struct cordon_claim, 8);
CORDON_ASSERT_SIZE(struct cordon_seal, CORDON_DIGEST_BYTES);
CORDON_ASSERT_SIZE(struct cordon_break_glass, 16);
CORDON_ASSERT_SIZE(struct cordon_seal_state, 24 + CORDON_DIGEST_BYTES);
CORDON_ASSERT_SIZE(struct cordon_record, 320 + 2 * CORDON_PATH_BYTES);
CORDON_ASSERT_SIZE(struct cordon_live, 64);
CORDON_ASSERT_SIZE(struct cordon_hello, 32);
CORDON_ASSERT_SIZE(struct cordon_hold, 8 + 4 * CORDON_LINKS_MAX);
CORDON_ASSERT_SIZE(struct cordon_ledger_begin, 48 + CORDON_SECRET_BYTES);
CORDON_ASSERT_SIZE(struct cordon_ledger_state, 80);
CORDON_ASSERT_SIZE(struct cordon_policy_note, 16 + CORDON_DIGEST_BYTES);
CORDON_ASSERT_SIZE(struct cordon_label_key, 32);
CORDON_ASSERT_SIZE(struct cordon_label_request, 24);

#endif /* CORDON_ABI_H */
