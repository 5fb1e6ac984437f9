// SPDX-License-Identifier: GPL-2.0-only
/* Which policy is active: from text or image to a generation in the kernel. */
#include <sys/stat.h>

#include "cleanup.h"
#include "controller.h"
#include "ledger.h"
#include "generation.h"
#include "labels.h"
#include "paths.h"
#include "policy.h"
#include "signature.h"

#define MOUNTS "/proc/self/mountinfo"

void active_policy_free(struct active_policy *policy)
{
	automaton_free(&policy->automaton);
	addresses_free(&policy->addresses);
	free(policy->image);
	*policy = (struct active_policy){ 0 };
}

/* Takes over the image, whatever comes. */
static int policy_from_image(void *image, size_t bytes, struct active_policy *policy,
			     struct cordon_failure *failure)
{
	struct active_policy made = { .image = image, .bytes = bytes };
	int err = cordon_image_open(image, bytes, &made.view, failure);

	if (!err) {
		err = automaton_init(&made.automaton, &made.view);
		if (err)
			cordon_failure_errno(failure, -err, "the path automaton");
	}
	if (err) {
		active_policy_free(&made);
		return err;
	}
	*policy = made;
	return 0;
}

/* What a generation is made of besides the image; all of it found anew each time. */
struct surroundings {
	struct cordon_mounts mounts;
	struct devices devices;
	struct links links;
	struct superblock_table superblocks;
	struct notes notes;
	struct addresses addresses;
};

static void surroundings_free(struct surroundings *surroundings)
{
	cordon_mounts_free(&surroundings->mounts);
	devices_free(&surroundings->devices);
	links_free(&surroundings->links);
	superblock_table_free(&surroundings->superblocks);
	notes_free(&surroundings->notes);
	addresses_free(&surroundings->addresses);
}

/*
 * The mounts and what follows from them. @fresh: hard links only where
 * something is new. @granting: an administrator loads what is there now.
 */
static int find_places(struct controller *controller, const struct active_policy *policy,
		       bool fresh, bool granting, struct surroundings *found)
{
	int err = cordon_mounts_read(MOUNTS, &found->mounts);

	if (!err)
		err = superblocks_note(&controller->superblocks, &found->mounts, granting);
	if (!err)
		labels_look_around(controller, &found->mounts, policy);
	if (!err)
		err = superblocks_table(&controller->superblocks, &policy->automaton,
					&found->devices, &found->superblocks);
	if (!err)
		err = links_scan(&policy->automaton, &found->mounts,
				 fresh ? &controller->superblocks : NULL, &found->links,
				 &found->notes);
	if (!err)
		superblocks_explain(&found->mounts, &found->notes);
	return err;
}

static int look_around(struct controller *controller, const struct active_policy *policy,
		       struct surroundings *found, struct cordon_failure *failure)
{
	int err = resolve_names(&policy->view, &found->addresses, &found->notes);

	if (err)
		return cordon_failure_errno(failure, -err, "resolving host names");
	err = devices_resolve(&policy->view, &found->devices, &found->notes);
	if (err)
		return cordon_failure_errno(failure, -err, "looking up devices");
	err = find_places(controller, policy, false, controller->by_hand, found);
	return err ? cordon_failure_errno(failure, -err, "looking through the mounts") : 0;
}

/* What was mounted or linked while the generation was made is caught up with. */
static void catch_up(struct controller *controller, const struct active_policy *policy,
		     const struct devices *devices, bool fresh)
{
	struct surroundings again = { 0 };
	struct cordon_failure failure;
	int err;

	again.devices = *devices;
	err = find_places(controller, policy, fresh, false, &again);
	if (err)
		cordon_failure_errno(&failure, -err, "looking through the mounts again");
	if (!err)
		err = generation_add_superblocks(&controller->guard, &again.superblocks, &failure);
	if (!err)
		err = generation_add_links(&controller->guard, &again.links, &failure);
	if (err)
		fprintf(stderr, "cordond: %s\n", failure.text);
	again.devices = (struct devices){ 0 };
	surroundings_free(&again);
}

/* The view of the image with addresses in place of names; *@owned keeps it. */
static int place_addresses(const struct active_policy *policy, const struct addresses *addresses,
			   struct cordon_image_view *view, void **owned,
			   struct cordon_failure *failure)
{
	size_t bytes;
	int err;

	*view = policy->view;
	if (!addresses->count)
		return 0;
	err = cordon_image_add_addresses(&policy->view, addresses->address, addresses->count, owned,
					 &bytes, failure);
	if (err == -ENOMEM)
		return cordon_failure_errno(failure, ENOMEM, "placing addresses");
	return err ? err : cordon_image_open_layout(*owned, bytes, view, failure);
}

static void set_lifetime(struct active_policy *policy, unsigned int lifetime_s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	policy->ask_again = lifetime_s ? now.tv_sec + lifetime_s : 0;
}

static int switch_to(struct controller *controller, struct active_policy *policy,
		     struct surroundings *around, uint32_t *generation,
		     struct cordon_failure *failure)
{
	cordon_auto_free void *owned = NULL;
	struct cordon_image_view view;
	struct generation_content content = {
		.view = &view,
		.digest = policy->view.header->policy.digest,
		.devices = &around->devices,
		.links = &around->links,
		.superblocks = &around->superblocks,
	};
	size_t i;
	int err = place_addresses(policy, &around->addresses, &view, &owned, failure);

	if (!err)
		err = generation_switch(&controller->guard, &content, generation, failure);
	if (err)
		return err;
	catch_up(controller, policy, &around->devices, false);
	set_lifetime(policy, around->addresses.lifetime_s);
	addresses_free(&policy->addresses);
	policy->addresses = around->addresses;
	around->addresses = (struct addresses){ 0 };
	notes_free(&controller->notes);
	notes_take(&controller->notes, &around->notes);
	for (i = 0; i < controller->notes.count; i++)
		fprintf(stderr, "cordond: note: %s\n", controller->notes.note[i]);
	return 0;
}

/* The version never goes back, also not over a reboot. */
static int check_version(const struct cordon_policy *old, const struct active_policy *next,
			 struct cordon_failure *failure)
{
	const struct cordon_policy *new = &next->view.header->policy;

	if (!old)
		return 0;
	if (new->version < old->version)
		return cordon_failure_set(failure, EPERM,
					  "the policy has version %llu, the active one %llu: a "
					  "version never goes back",
					  (unsigned long long)new->version,
					  (unsigned long long)old->version);
	if (new->version == old->version && memcmp(new->digest, old->digest, sizeof(old->digest)))
		return cordon_failure_set(failure, EPERM,
					  "the policy differs from the active one and has the same "
					  "version %llu. Remedy: raise the number in its 'policy' "
					  "line",
					  (unsigned long long)new->version);
	return 0;
}

/* NULL when there is none. */
static const struct cordon_policy *header_of(const struct active_policy *policy)
{
	return policy->image ? &policy->view.header->policy : NULL;
}

/* The ledger knows before anything changes; where a record is required, nothing does without. */
static int record_first(struct controller *controller, const struct active_policy *policy,
			const char *asked_by, struct cordon_failure *failure)
{
	const struct cordon_image *header = policy->view.header;

	ledger_tell_policy(controller, &header->policy);
	if (!ledger_is_required(controller) ||
	    !controller_record(controller, CORDON_REASON_POLICY,
			       "policy %.*s version %llu is about to be active, asked by %.100s",
			       CORDON_NAME_BYTES, header->name,
			       (unsigned long long)header->policy.version, asked_by))
		return 0;
	return cordon_failure_set(failure, EACCES,
				  "no room for the record that the policy requires");
}

/* Makes @policy, which it takes over, the active one. */
static int activate(struct controller *controller, struct active_policy *policy,
		    const char *asked_by, struct cordon_failure *failure)
{
	const struct cordon_policy *header = &policy->view.header->policy;
	struct surroundings around = { 0 };
	struct cordon_failure reason;
	uint32_t generation = 0;
	int err = look_around(controller, policy, &around, failure);

	/* Stored first: a record of it can always be explained. */
	if (!err)
		err = drain_add_policy(controller->drain, policy->image, policy->bytes, failure);
	if (!err)
		err = record_first(controller, policy, asked_by, failure);
	if (!err)
		err = switch_to(controller, policy, &around, &generation, failure);
	surroundings_free(&around);
	if (err) {
		active_policy_free(policy);
		return err;
	}
	controller_report_mappings(controller);
	active_policy_free(&controller->policy);
	controller->policy = *policy;
	*policy = (struct active_policy){ 0 };
	controller_record(controller, CORDON_REASON_POLICY,
			  "policy %.*s version %llu active as generation %u, asked by %.100s",
			  CORDON_NAME_BYTES, controller->policy.view.header->name,
			  (unsigned long long)header->version, generation, asked_by);
	err = file_write(CORDON_IMAGE_FILE, controller->policy.image, controller->policy.bytes,
			 &reason);
	if (err)
		return cordon_failure_set(failure, -err,
					  "the policy is active now, but the next boot will not "
					  "know: %s",
					  reason.text);
	return 0;
}

/* All errors, as `cordon check` shows them, behind a first line. */
static int errors_failure(const struct cordon_policy_text *text, struct cordon_failure *failure)
{
	cordon_auto_free char *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	if (!out)
		return cordon_failure_errno(failure, ENOMEM, "the policy's errors");
	cordon_policy_errors_print(text, out);
	fclose(out);
	return cordon_failure_set(failure, EINVAL, "the policy has %zu error%s:\n%s",
				  cordon_policy_error_count(text),
				  cordon_policy_error_count(text) == 1 ? "" : "s", list);
}

static int compile(const char *path, struct active_policy *policy, char *statement,
		   struct cordon_failure *failure)
{
	const struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_ROOT };
	__attribute__((cleanup(cordon_policy_cleanup))) struct cordon_policy_text *text = NULL;
	size_t bytes;
	void *image;
	int err = cordon_policy_compile(&path, 1, &options, &text);

	if (err == -EINVAL && text)
		return errors_failure(text, failure);
	if (err)
		return cordon_failure_errno(failure, -err, "%s", path);
	if (cordon_policy_statement(text, statement))
		return cordon_failure_errno(failure, EIO, "%s", path);
	image = cordon_policy_take_image(text, &bytes);
	return policy_from_image(image, bytes, policy, failure);
}

/* A compiled image begins with a magic number that no text begins with. */
static bool is_image(const char *path)
{
	cordon_auto_file *in = fopen(path, "re");
	uint64_t magic;

	return in && fread(&magic, sizeof(magic), 1, in) == 1 && magic == CORDON_IMAGE_MAGIC;
}

/* Whoever could write it could have chosen what it says. */
static int check_owner(const char *path, struct cordon_failure *failure)
{
	struct stat status;

	if (stat(path, &status))
		return cordon_failure_errno(failure, errno, "%s", path);
	if (status.st_uid || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return cordon_failure_set(failure, EPERM, "%s: others than root may write it",
					  path);
	return 0;
}

static int read_image(const char *path, struct active_policy *policy,
		      struct cordon_failure *failure)
{
	size_t bytes;
	void *image;
	int err = check_owner(path, failure);

	if (!err)
		err = cordon_image_read(path, &image, &bytes, failure);
	return err ? err : policy_from_image(image, bytes, policy, failure);
}

/* True when @now has all names of @before, each at its place. */
static bool names_stay(const struct cordon_name *before, size_t count,
		       const struct cordon_name *now, size_t now_count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (i >= now_count || strncmp(before[i].text, now[i].text, CORDON_NAME_BYTES))
			return false;
	return true;
}

/*
 * What processes have read so far is kept as numbers of levels and categories.
 * While any runs, a number must not come to mean something else.
 */
static int check_names(const struct active_policy *old, const struct active_policy *next,
		       struct cordon_failure *failure)
{
	const struct cordon_image_view *was = &old->view, *is = &next->view;

	if (!old->image ||
	    (names_stay(was->levels, was->level_count, is->levels, is->level_count) &&
	     names_stay(was->categories, was->category_count, is->categories, is->category_count)))
		return 0;
	return cordon_failure_set(failure, EPERM,
				  "levels and categories may only be added at the end while "
				  "processes or files carry labels. Remedy: keep their order, or "
				  "load this policy after a reboot with no stored labels");
}

/* Whether the policy's own folder holds it: nobody else's file is read for somebody else. */
static bool is_installed(const char *path)
{
	return !strncmp(path, CORDON_CONFIGURATION_FOLDER "/",
			sizeof(CORDON_CONFIGURATION_FOLDER)) &&
	       !strstr(path, "/..");
}

/*
 * Reads a policy, and checks that it may be loaded under a seal. A file from
 * anywhere is read with the rights of an unclassified subject, for its lines
 * are shown where it has errors.
 */
static int read_policy(struct controller *controller, const char *path,
		       struct active_policy *policy, struct cordon_failure *failure)
{
	char statement[CORDON_STATEMENT_BYTES] = "", signers[128];
	bool modest = !is_installed(path);
	int err = modest ? controller_be_modest(controller, true, failure) : 0;

	if (!err)
		err = is_image(path) ? read_image(path, policy, failure) :
				       compile(path, policy, statement, failure);
	if (modest)
		controller_be_modest(controller, false, NULL);
	if (err)
		return err;
	err = controller_check_signed(controller, policy, path, statement, signers, sizeof(signers),
				      failure);
	if (err)
		active_policy_free(policy);
	else if (signers[0])
		controller_record(controller, CORDON_REASON_SEALED,
				  "the policy version %llu is signed by %.150s",
				  (unsigned long long)policy->view.header->policy.version, signers);
	return err;
}

/* What is mounted now may hold programs that the policy clears. */
static int activate_by_hand(struct controller *controller, struct active_policy *next,
			    const char *asked_by, struct cordon_failure *failure)
{
	int err;

	controller->by_hand = true;
	err = activate(controller, next, asked_by, failure);
	controller->by_hand = false;
	return err;
}

int controller_load(struct controller *controller, const char *path, const char *asked_by,
		    struct cordon_failure *failure)
{
	struct active_policy next;
	int err = read_policy(controller, path, &next, failure);

	if (err)
		return err;
	err = check_version(header_of(&controller->policy), &next, failure);
	if (!err)
		err = check_names(&controller->policy, &next, failure);
	if (err) {
		active_policy_free(&next);
		return err;
	}
	return activate_by_hand(controller, &next, asked_by, failure);
}

/*
 * The last boot's policy counts as active: it says how far back a version may
 * go, and it is what enforces when the folder's cannot.
 */
int controller_load_first(struct controller *controller, struct cordon_failure *failure)
{
	struct active_policy last = { 0 }, next = { 0 };
	struct cordon_failure why;
	int err;

	if (!access(CORDON_IMAGE_FILE, F_OK) && read_image(CORDON_IMAGE_FILE, &last, &why))
		fprintf(stderr, "cordond: the policy of the last boot cannot be used: %s\n",
			why.text);
	err = read_policy(controller, controller->options.policy, &next, failure);
	if (!err) {
		err = check_version(header_of(&last), &next, failure);
		/* Stored labels are numbers too, and outlive the boot. */
		if (!err && labels_are_stored(controller))
			err = check_names(&last, &next, failure);
		if (err)
			active_policy_free(&next);
	}
	if (!err) {
		active_policy_free(&last);
		return activate_by_hand(controller, &next, "the start", failure);
	}
	if (!last.image)
		return err;
	fprintf(stderr, "cordond: %s\ncordond: the policy of the last boot stays active\n",
		failure->text);
	err = activate_by_hand(controller, &last, "the start (last boot's)", &why);
	if (err)
		return cordon_failure_set(failure, -err, "%s", why.text);
	notes_add(&controller->notes, "%s was not loaded at start: %.400s",
		  controller->options.policy, failure->text);
	return 0;
}

/* The image with this digest: from the store, else the copy beside it. */
static int find_image(struct controller *controller, const struct cordon_policy *active,
		      struct active_policy *policy, struct cordon_failure *failure)
{
	size_t bytes;
	void *image;
	int err = cordon_store_policy(controller->reader, active->digest, &image, &bytes);

	err = err ? read_image(CORDON_IMAGE_FILE, policy, failure) :
		    policy_from_image(image, bytes, policy, failure);
	if (err)
		return err;
	if (!memcmp(policy->view.header->policy.digest, active->digest, sizeof(active->digest)))
		return 0;
	active_policy_free(policy);
	return cordon_failure_set(failure, ENOENT, "no image has the active policy's digest");
}

/* Which mounts gave clearances when this controller's predecessor loaded the policy. */
static void recall_places(struct controller *controller)
{
	struct cordon_superblock known;
	struct cordon_mounts mounts = { 0 };
	size_t i;

	if (!cordon_mounts_read(MOUNTS, &mounts) &&
	    !superblocks_note(&controller->superblocks, &mounts, false))
		for (i = 0; i < mounts.count; i++)
			if (!generation_superblock(&controller->guard, mounts.mount[i].device,
						   &known))
				superblocks_recall(&controller->superblocks,
						   &controller->policy.automaton,
						   mounts.mount[i].device, &known);
	cordon_mounts_free(&mounts);
}

int controller_recall_policy(struct controller *controller, struct cordon_failure *failure)
{
	struct active_policy policy;
	struct cordon_policy active;
	struct cordon_failure why;
	int err = cordon_guard_policy(&controller->guard, &active, failure);

	if (err == -ENOENT)
		return controller_load_first(controller, failure);
	if (err)
		return err;
	if (!find_image(controller, &active, &policy, &why)) {
		controller->policy = policy;
		/* Its names are asked for at the next turn, its mounts now. */
		set_lifetime(&controller->policy, policy.view.hostname_count ? 1 : 0);
		recall_places(controller);
		controller_refresh_mounts(controller);
		return 0;
	}
	fprintf(stderr, "cordond: the active policy's image is gone (%s), loading %s\n", why.text,
		controller->options.policy);
	err = read_policy(controller, controller->options.policy, &policy, failure);
	if (err)
		return err;
	err = check_version(&active, &policy, failure);
	if (err) {
		active_policy_free(&policy);
		return err;
	}
	return activate(controller, &policy, "the start", failure);
}

int controller_renew(struct controller *controller, const char *why, struct cordon_failure *failure)
{
	struct surroundings around = { 0 };
	uint32_t generation;
	int err = look_around(controller, &controller->policy, &around, failure);

	if (!err)
		err = switch_to(controller, &controller->policy, &around, &generation, failure);
	surroundings_free(&around);
	if (!err)
		controller_record(
			controller, CORDON_REASON_POLICY,
			"policy version %llu active as generation %u, because %s",
			(unsigned long long)controller->policy.view.header->policy.version,
			generation, why);
	return err;
}

void controller_refresh_names(struct controller *controller)
{
	struct active_policy *policy = &controller->policy;
	struct addresses now = { 0 };
	struct notes notes = { 0 };
	struct cordon_failure failure;
	struct timespec clock;

	clock_gettime(CLOCK_MONOTONIC, &clock);
	if (!policy->ask_again || clock.tv_sec < policy->ask_again)
		return;
	if (resolve_names(&policy->view, &now, &notes)) {
		notes_free(&notes);
		return;
	}
	notes_free(&notes);
	set_lifetime(policy, now.lifetime_s);
	if (!addresses_equal(&now, &policy->addresses) &&
	    controller_renew(controller, "its names were resolved again", &failure))
		fprintf(stderr, "cordond: %s\n", failure.text);
	addresses_free(&now);
}

void controller_refresh_mounts(struct controller *controller)
{
	struct devices devices;
	struct notes notes = { 0 };

	/* What is missing was told at load; here only the labels matter. */
	if (devices_resolve(&controller->policy.view, &devices, &notes))
		return;
	notes_free(&notes);
	catch_up(controller, &controller->policy, &devices, true);
	devices_free(&devices);
}

uint64_t controller_link_label(struct controller *controller, uint32_t device, uint64_t inode)
{
	return generation_link_label(&controller->guard, device, inode);
}
