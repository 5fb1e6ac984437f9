// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <pthread.h>

#include "cleanup.h"
#include "generation.h"
#include "guarded.h"

/* Mounts and hard links that come after the load need room too. */
#define SUPERBLOCK_ROOM 16384
#define LINK_ROOM	4096

/* What bpf/maps.bpf.h says of each inner map. */
static const struct {
	enum bpf_map_type type;
	uint32_t key_bytes, value_bytes, flags;
	bool grows; /* also written later, so not frozen */
} form[CORDON_GENERATION_MAP_COUNT] = {
	[CORDON_GUARD_MAP_AUTOMATA] = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct cordon_page),
					BPF_F_INNER_MAP, false },
	[CORDON_GUARD_MAP_ACCEPTS] = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct cordon_accept),
				       BPF_F_INNER_MAP, false },
	[CORDON_GUARD_MAP_GRANTS] = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct cordon_grant),
				      BPF_F_INNER_MAP, false },
	[CORDON_GUARD_MAP_HOSTS] = { BPF_MAP_TYPE_LPM_TRIE, sizeof(struct cordon_prefix),
				     sizeof(struct cordon_host_ports), BPF_F_NO_PREALLOC, false },
	[CORDON_GUARD_MAP_PORTS] = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct cordon_port),
				     BPF_F_INNER_MAP, false },
	[CORDON_GUARD_MAP_LINKS] = { BPF_MAP_TYPE_HASH, sizeof(struct cordon_link_key), 8,
				     BPF_F_NO_PREALLOC, true },
	[CORDON_GUARD_MAP_DEVICES] = { BPF_MAP_TYPE_HASH, 8, 8, BPF_F_NO_PREALLOC, false },
	[CORDON_GUARD_MAP_SUPERBLOCKS] = { BPF_MAP_TYPE_HASH, 4, sizeof(struct cordon_superblock),
					   BPF_F_NO_PREALLOC, true },
	[CORDON_GUARD_MAP_POLICIES] = { BPF_MAP_TYPE_ARRAY, 4, sizeof(struct cordon_policy), 0,
					false },
};

/* The inner maps of one generation; -1 where none is open. */
struct inner {
	int map[CORDON_GENERATION_MAP_COUNT];
};

static void inner_close(struct inner *inner)
{
	int i;

	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++)
		cordon_fd_close(&inner->map[i]);
}

static int map_failure(struct cordon_failure *failure, int which, const char *what)
{
	return cordon_failure_errno(failure, errno, "policy map '%s': cannot %s",
				    cordon_guard_map_name[which], what);
}

static int make_map(struct inner *inner, int which, uint64_t entries,
		    struct cordon_failure *failure)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = form[which].flags);
	uint32_t room = entries ? (uint32_t)entries : 1;

	inner->map[which] =
		bpf_map_create(form[which].type, cordon_guard_map_name[which],
			       form[which].key_bytes, form[which].value_bytes, room, &options);
	return inner->map[which] < 0 ? map_failure(failure, which, "be made") : 0;
}

/* An array's elements, in one call. */
static int fill_array(struct inner *inner, int which, const void *values, uint32_t count,
		      struct cordon_failure *failure)
{
	cordon_auto_free uint32_t *keys = calloc(count + 1ul, sizeof(*keys));
	uint32_t i, done = count;

	if (!keys) {
		errno = ENOMEM;
		return map_failure(failure, which, "be filled");
	}
	for (i = 0; i < count; i++)
		keys[i] = i;
	if (count && bpf_map_update_batch(inner->map[which], keys, values, &done, NULL))
		return map_failure(failure, which, "be filled");
	return 0;
}

static int make_array(struct inner *inner, int which, const void *values, uint32_t count,
		      struct cordon_failure *failure)
{
	int err = make_map(inner, which, count, failure);

	return err ? err : fill_array(inner, which, values, count, failure);
}

/* The slots come in pages; the last one is filled up with free slots. */
static int make_automaton(struct inner *inner, const struct cordon_image_view *view,
			  struct cordon_failure *failure)
{
	uint32_t pages = (view->slot_count + CORDON_PAGE_SLOTS - 1) / CORDON_PAGE_SLOTS;
	cordon_auto_free struct cordon_page *page = calloc(pages + 1ul, sizeof(*page));

	if (!page) {
		errno = ENOMEM;
		return map_failure(failure, CORDON_GUARD_MAP_AUTOMATA, "be filled");
	}
	memcpy(page, view->slots, view->slot_count * sizeof(view->slots[0]));
	return make_array(inner, CORDON_GUARD_MAP_AUTOMATA, page, pages, failure);
}

static int make_hosts(struct inner *inner, const struct cordon_image_view *view,
		      struct cordon_failure *failure)
{
	int which = CORDON_GUARD_MAP_HOSTS;
	uint32_t i;
	int err = make_map(inner, which, view->host_count, failure);

	for (i = 0; !err && i < view->host_count; i++)
		if (bpf_map_update_elem(inner->map[which], &view->hosts[i].prefix,
					&view->hosts[i].ports, BPF_ANY))
			err = map_failure(failure, which, "be filled");
	return err;
}

static int put_links(int map, const struct links *links, struct cordon_failure *failure)
{
	size_t i;

	for (i = 0; i < links->count; i++)
		if (bpf_map_update_elem(map, &links->link[i].key, &links->link[i].label, BPF_ANY))
			return map_failure(failure, CORDON_GUARD_MAP_LINKS, "be filled");
	return 0;
}

/*
 * What a mount hook wrote there stays: its states are joined to ours. Those
 * are of the same generation, so they mean the same.
 */
static int put_superblock(int map, const struct superblock_entry *entry,
			  struct cordon_failure *failure)
{
	struct cordon_superblock joined, there;
	uint32_t i;

	joined = entry->superblock;
	if (!bpf_map_lookup_elem(map, &entry->device, &there)) {
		/* Those that give clearances lead, and no later one becomes one of them. */
		joined = there;
		joined.label |= entry->superblock.label;
		for (i = 0; i < entry->superblock.count && i < CORDON_MOUNTS_PER_SUPERBLOCK; i++)
			superblock_add_state(&joined, entry->superblock.state[i]);
		if (entry->superblock.count > CORDON_MOUNTS_PER_SUPERBLOCK)
			joined.count = CORDON_MOUNTS_PER_SUPERBLOCK + 1;
		if (!memcmp(&joined, &there, sizeof(joined)))
			return 0;
	}
	if (bpf_map_update_elem(map, &entry->device, &joined, BPF_ANY))
		return map_failure(failure, CORDON_GUARD_MAP_SUPERBLOCKS, "be filled");
	return 0;
}

static int put_superblocks(int map, const struct superblock_table *table,
			   struct cordon_failure *failure)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < table->count; i++)
		err = put_superblock(map, &table->entry[i], failure);
	return err;
}

static int make_links(struct inner *inner, const struct links *links,
		      struct cordon_failure *failure)
{
	int which = CORDON_GUARD_MAP_LINKS;
	int err = make_map(inner, which, 2 * links->count + LINK_ROOM, failure);

	return err ? err : put_links(inner->map[which], links, failure);
}

static int make_devices(struct inner *inner, const struct devices *devices,
			struct cordon_failure *failure)
{
	int which = CORDON_GUARD_MAP_DEVICES;
	int err = make_map(inner, which, devices->count, failure);
	size_t i;

	for (i = 0; !err && i < devices->count; i++)
		if (bpf_map_update_elem(inner->map[which], &devices->device[i].key,
					&devices->device[i].label, BPF_ANY))
			err = map_failure(failure, which, "be filled");
	return err;
}

static int make_superblocks(struct inner *inner, const struct superblock_table *table,
			    struct cordon_failure *failure)
{
	int which = CORDON_GUARD_MAP_SUPERBLOCKS;
	int err = make_map(inner, which, 2 * table->count + SUPERBLOCK_ROOM, failure);

	return err ? err : put_superblocks(inner->map[which], table, failure);
}

static int make_policy(struct inner *inner, const struct generation_content *content,
		       uint32_t generation, struct cordon_failure *failure)
{
	struct cordon_policy policy = content->view->header->policy;

	policy.generation = generation;
	/* Records name the policy that was loaded, not what its names resolve to. */
	memcpy(policy.digest, content->digest, sizeof(policy.digest));
	return make_array(inner, CORDON_GUARD_MAP_POLICIES, &policy, 1, failure);
}

static int freeze(const struct inner *inner, struct cordon_failure *failure)
{
	int i;

	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++)
		if (!form[i].grows && bpf_map_freeze(inner->map[i]))
			return map_failure(failure, i, "be frozen");
	return 0;
}

static int make_all(struct inner *inner, const struct generation_content *content,
		    uint32_t generation, struct cordon_failure *failure)
{
	const struct cordon_image_view *view = content->view;
	int err = make_automaton(inner, view, failure);

	if (!err)
		err = make_array(inner, CORDON_GUARD_MAP_ACCEPTS, view->accepts, view->accept_count,
				 failure);
	if (!err)
		err = make_array(inner, CORDON_GUARD_MAP_GRANTS, view->grants, view->grant_count,
				 failure);
	if (!err)
		err = make_hosts(inner, view, failure);
	if (!err)
		err = make_array(inner, CORDON_GUARD_MAP_PORTS, view->ports, view->port_count,
				 failure);
	if (!err)
		err = make_links(inner, content->links, failure);
	if (!err)
		err = make_devices(inner, content->devices, failure);
	if (!err)
		err = make_superblocks(inner, content->superblocks, failure);
	if (!err)
		err = make_policy(inner, content, generation, failure);
	return err ? err : freeze(inner, failure);
}

/* One outer map's update; the kernel waits in it until old readers are gone. */
struct put {
	pthread_t thread;
	int outer, inner, error;
	uint32_t slot;
};

static void *put_one(void *context)
{
	struct put *put = context;

	if (bpf_map_update_elem(put->outer, &put->slot, &put->inner, BPF_ANY))
		put->error = errno;
	return NULL;
}

/*
 * Every update of an outer map waits for an RCU grace period. At the same
 * time they wait for the same one.
 */
static int put_all(const struct cordon_guard *guard, const struct inner *inner, uint32_t slot,
		   struct cordon_failure *failure)
{
	struct put put[CORDON_GENERATION_MAP_COUNT] = { 0 };
	bool started[CORDON_GENERATION_MAP_COUNT];
	int i, failed = -1;

	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++) {
		put[i].outer = guard->map[i];
		put[i].inner = inner->map[i];
		put[i].slot = slot;
		started[i] = !pthread_create(&put[i].thread, NULL, put_one, &put[i]);
		if (!started[i])
			put_one(&put[i]);
	}
	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++) {
		if (started[i])
			pthread_join(put[i].thread, NULL);
		if (put[i].error)
			failed = i;
	}
	if (failed < 0)
		return 0;
	errno = put[failed].error;
	return map_failure(failure, failed, "be put in place");
}

/*
 * Waits until no program still reads under an older generation than the
 * active one: an update of an outer map that changes nothing waits for that.
 * Hooks are not sleepable, so RCU is what they run under.
 */
static int wait_for_readers(const struct cordon_guard *guard, uint32_t slot,
			    struct cordon_failure *failure)
{
	int which = CORDON_GUARD_MAP_POLICIES;
	cordon_auto_fd inner = -1;
	uint32_t id;

	if (bpf_map_lookup_elem(guard->map[which], &slot, &id))
		return errno == ENOENT ? 0 : map_failure(failure, which, "be read");
	inner = bpf_map_get_fd_by_id(id);
	if (inner < 0 || bpf_map_update_elem(guard->map[which], &slot, &inner, BPF_ANY))
		return map_failure(failure, which, "be waited for");
	return 0;
}

/* The ids of the maps that stand in the slot now; 0: none. */
static void read_ids(const struct cordon_guard *guard, uint32_t slot,
		     uint32_t id[CORDON_GENERATION_MAP_COUNT])
{
	int i;

	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++)
		if (bpf_map_lookup_elem(guard->map[i], &slot, &id[i]))
			id[i] = 0;
}

static int note_all(const struct cordon_guard *guard, const struct inner *inner,
		    struct cordon_failure *failure)
{
	int err = 0, i;

	for (i = 0; !err && i < CORDON_GENERATION_MAP_COUNT; i++)
		err = guarded_note_map(guard, inner->map[i], failure);
	return err;
}

int generation_switch(struct cordon_guard *guard, const struct generation_content *content,
		      uint32_t *generation, struct cordon_failure *failure)
{
	uint32_t active = __atomic_load_n(&guard->control->generation, __ATOMIC_ACQUIRE);
	uint32_t next = active + 1 ? active + 1 : 2;
	uint32_t old[CORDON_GENERATION_MAP_COUNT];
	struct inner inner;
	int err, i;

	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++)
		inner.map[i] = -1;
	read_ids(guard, next & 1, old);
	err = make_all(&inner, content, next, failure);
	if (!err)
		err = note_all(guard, &inner, failure);
	/* The slot was the generation's before the active one: nobody may still be in it. */
	if (!err && active)
		err = wait_for_readers(guard, next & 1, failure);
	if (!err)
		err = put_all(guard, &inner, next & 1, failure);
	inner_close(&inner);
	if (err)
		return err;
	for (i = 0; i < CORDON_GENERATION_MAP_COUNT; i++)
		guarded_forget_map(guard, old[i]);
	__atomic_store_n(&guard->control->generation, next, __ATOMIC_RELEASE);
	*generation = next;
	return 0;
}

/* The active generation's inner map. */
static int open_active(const struct cordon_guard *guard, int which, struct cordon_failure *failure)
{
	uint32_t slot = __atomic_load_n(&guard->control->generation, __ATOMIC_ACQUIRE) & 1, id;
	int map;

	if (bpf_map_lookup_elem(guard->map[which], &slot, &id))
		return map_failure(failure, which, "be read");
	map = bpf_map_get_fd_by_id(id);
	return map < 0 ? map_failure(failure, which, "be opened") : map;
}

int generation_add_superblocks(struct cordon_guard *guard, const struct superblock_table *table,
			       struct cordon_failure *failure)
{
	cordon_auto_fd map = open_active(guard, CORDON_GUARD_MAP_SUPERBLOCKS, failure);

	return map < 0 ? map : put_superblocks(map, table, failure);
}

int generation_add_links(struct cordon_guard *guard, const struct links *links,
			 struct cordon_failure *failure)
{
	cordon_auto_fd map = open_active(guard, CORDON_GUARD_MAP_LINKS, failure);

	return map < 0 ? map : put_links(map, links, failure);
}

int generation_superblock(const struct cordon_guard *guard, uint32_t device,
			  struct cordon_superblock *known)
{
	struct cordon_failure failure;
	cordon_auto_fd map = open_active(guard, CORDON_GUARD_MAP_SUPERBLOCKS, &failure);

	return map >= 0 && !bpf_map_lookup_elem(map, &device, known) ? 0 : -ENOENT;
}

uint64_t generation_link_label(const struct cordon_guard *guard, uint32_t device, uint64_t inode)
{
	struct cordon_link_key key = { .device = device, .inode = inode };
	struct cordon_failure failure;
	cordon_auto_fd map = open_active(guard, CORDON_GUARD_MAP_LINKS, &failure);
	uint64_t label;

	return map >= 0 && !bpf_map_lookup_elem(map, &key, &label) ? label :
								     CORDON_LABEL_UNCLASSIFIED;
}
