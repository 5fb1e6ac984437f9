/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map but the subjects' (subject.bpf.h): who writes it, who reads it,
 * why that size.
 */
#ifndef CORDON_MAPS_BPF_H
#define CORDON_MAPS_BPF_H

#include "compat.bpf.h"
#include "cordon/decide.h"

/*
 * What the guard knows of an inode, per policy generation. Two views at
 * (generation & 1): a program that still runs under the generation before
 * writes its own view, never the other's. A view is valid when its generation
 * is the reader's; that is stored last.
 */
struct object_view {
	__u64 label;
	__u32 generation;
	__u32 flags; /* CORDON_OBJECT_* */
	__u32 accept; /* index into the accepts */
	__u32 program; /* the accept whose grants apply; 0: none */
	__u32 guard; /* CORDON_OBJECT_R7: matters to writes and execs alone */
	__u32 reserved;
};

struct object {
	struct object_view view[2];
	__u64 floating; /* join of what subjects wrote, where the object floats, and the stored label */
	__u64 settled; /* the part of it that no reader of before can miss (rise.bpf.h) */
	__u64 rising; /* bits of a label that may not be stored yet: only readers are judged by them */
	__u32 stored; /* STORED_*: whether the stored label is in @floating */
	__u32 pinned; /* not 0: its pages may be in a pipe, so it does not rise any more */
};

#define STORED_UNREAD  0
#define STORED_KNOWN   1
#define STORED_INVALID 2

/* Written by the first look at an inode; dies with the inode. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct object);
} objects SEC(".maps");

#define RECORDS_BYTES (4 << 20)
/* Written by hooks; 4 MiB hold some 5,000 records while nobody reads. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RECORDS_BYTES);
} records SEC(".maps");

/* Written by hooks, summed by the controller. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_COUNTERS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/*
 * Ids of the guard's own BPF objects: kind << 32 | id. The controller notes
 * what it loaded before the hooks were there, the hooks what it makes later;
 * it takes out the maps of a generation that was replaced. Some 200 at a time.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} guarded SEC(".maps");

/*
 * A policy generation: one inner map of each kind, made by the controller,
 * found at (generation & 1). The sizes of the inner ones here are only the
 * template that the kernel compares types with.
 */
struct policy_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_policy);
};

struct automaton_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_page);
};

struct accept_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_accept);
};

struct grant_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_grant);
};

struct host_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct cordon_prefix);
	__type(value, struct cordon_host_ports);
};

struct port_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_port);
};

/* Files with several names: the join of the labels of their names. */
struct link_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct cordon_link_key);
	__type(value, __u64);
};

/* Device nodes by number; bit 32 of the key is set for block devices. */
struct device_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
};

/* Also written by mount hooks, for file systems mounted later. */
struct superblock_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_superblock);
};

/*
 * Whether files of a file system have stored labels: CORDON_MARKS_*, by device number, of no
 * policy generation. Written by the controller, by a first look, and before a label rises; an
 * entry dies with the file system. None, or no room: every file is looked at.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} label_marks SEC(".maps");

#define GENERATION_MAPS(name, inner)                      \
	struct {                                          \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); \
		__uint(max_entries, 2);                   \
		__type(key, __u32);                       \
		__array(values, struct inner);            \
	} name SEC(".maps")

GENERATION_MAPS(policies, policy_map);
GENERATION_MAPS(automata, automaton_map);
GENERATION_MAPS(accepts, accept_map);
GENERATION_MAPS(grants, grant_map);
GENERATION_MAPS(hosts, host_map);
GENERATION_MAPS(ports, port_map);
GENERATION_MAPS(links, link_map);
GENERATION_MAPS(devices, device_map);
GENERATION_MAPS(superblocks, superblock_map);

/* Written by the controller but for the sequence, read by every hook first. */
struct cordon_control control SEC(".data.control") = {};
__u64 record_sequence SEC(".data.control") = 0;

/* Written when a controller claims its place, read at the first look at files. */
struct cordon_guard_state guard SEC(".data.guard") = {};

/*
 * clang describes what only an inner map's definition points to as an
 * incomplete type, which libbpf refuses; a variable makes it whole.
 */
struct inner_types {
	struct cordon_page page;
	struct cordon_accept accept;
	struct cordon_grant grant;
	struct cordon_host_ports host;
	struct cordon_port port;
	struct cordon_prefix prefix;
	struct cordon_link_key link;
	struct cordon_superblock superblock;
};
const struct inner_types *inner_types __attribute__((unused));

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		__sync_fetch_and_add(value, 1);
}

#endif /* CORDON_MAPS_BPF_H */
