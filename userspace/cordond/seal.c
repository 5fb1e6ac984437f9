// SPDX-License-Identifier: GPL-2.0-only
/*
 * The seal and what it asks for: signed policies, and two keys to break the
 * glass. The module keeps it; signatures are verified here, because Debian's
 * kernels have no Ed25519. R7 keeps this program and its process as they are.
 */
#include <json-c/json.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "controller.h"
#include "diff.h"
#include "paths.h"
#include "record_text.h"
#include "signature.h"

#define BREAK_KEYS_MIN 2

bool controller_seal_state(const struct controller *controller, struct cordon_seal_state *state)
{
	*state = (struct cordon_seal_state){ 0 };
	return controller->guard.device >= 0 &&
	       !ioctl(controller->guard.device, CORDON_IOCTL_SEAL_STATE, state) && state->sealed;
}

int controller_check_unsealed(const struct controller *controller, bool broken_will_do,
			      struct cordon_failure *failure)
{
	struct cordon_seal_state state;

	if (!controller_seal_state(controller, &state) || (broken_will_do && state.broken))
		return 0;
	return cordon_failure_set(failure, EPERM, "this system is sealed until reboot%s",
				  broken_will_do ? ". Remedy: two keys, see cordon break-glass" :
						   "");
}

/* The keys that the seal was made with. */
static int read_ring(const struct cordon_seal_state *state, struct cordon_key_ring *ring,
		     struct cordon_failure *failure)
{
	uint8_t digest[CORDON_DIGEST_BYTES];
	int err = cordon_key_ring_read(CORDON_KEYS_FOLDER, ring, failure);

	if (err)
		return err;
	cordon_key_ring_digest(ring, digest);
	if (memcmp(digest, state->keys, sizeof(digest)))
		return cordon_failure_set(failure, EPERM,
					  CORDON_KEYS_FOLDER
					  " is not what it was when this system "
					  "was sealed. Remedy: put the keys back, "
					  "or reboot");
	return 0;
}

static void signer_names(const struct cordon_key_ring *ring, uint32_t signers, char *text,
			 size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < ring->count && used < size; i++)
		if (signers & 1u << i)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 ring->key[i].name);
}

/* What a policy loosens, the first of it, for the refusal. */
static void loosening_text(const struct cordon_diff *diff, char *text, size_t size)
{
	size_t i;

	text[0] = '\0';
	for (i = 0; i < diff->count && !diff->list[i].loosens; i++)
		;
	if (i < diff->count)
		snprintf(text, size, "; it loosens %zu thing%s, the first: %s %.200s: %.200s",
			 diff->loosening, diff->loosening == 1 ? "" : "s",
			 cordon_diff_kind_name(diff->list[i].kind), diff->list[i].what,
			 diff->list[i].text);
}

/* How many signatures @next needs; @why says so. */
static int signers_needed(const struct cordon_key_ring *ring, const struct active_policy *active,
			  const struct active_policy *next, char *why, size_t size,
			  uint32_t *needed, struct cordon_failure *failure)
{
	struct cordon_diff diff;

	*needed = ring->quorum_loosening;
	why[0] = '\0';
	if (!active->image) /* nothing to compare with */
		return 0;
	if (cordon_diff_make(&active->view, &next->view, &diff))
		return cordon_failure_errno(failure, ENOMEM, "comparing the policies");
	if (!diff.loosening)
		*needed = ring->quorum;
	loosening_text(&diff, why, size);
	cordon_diff_free(&diff);
	return 0;
}

int controller_check_signed(const struct controller *controller, const struct active_policy *next,
			    const char *path, const char *statement, char *signers, size_t size,
			    struct cordon_failure *failure)
{
	char signatures[4096], why[512];
	struct cordon_seal_state state;
	struct cordon_key_ring ring;
	uint32_t needed, who;
	int count, err;

	signers[0] = '\0';
	if (!controller_seal_state(controller, &state))
		return 0;
	if (!statement[0])
		return cordon_failure_set(
			failure, EPERM,
			"%s: a compiled image has no signature, and this system is "
			"sealed",
			path);
	err = read_ring(&state, &ring, failure);
	if (!err)
		err = signers_needed(&ring, &controller->policy, next, why, sizeof(why), &needed,
				     failure);
	if (!err && cordon_policy_signature_path(path, signatures, sizeof(signatures)))
		err = cordon_failure_errno(failure, errno, "%s", path);
	if (err)
		return err;
	count = cordon_count_signers(&ring, statement, signatures, &who, failure);
	if (count < 0)
		return count;
	signer_names(&ring, who, signers, size);
	if ((uint32_t)count >= needed)
		return 0;
	return cordon_failure_set(failure, EPERM,
				  "this system is sealed: the policy needs %u signature%s, %s has "
				  "%d%s%s%s",
				  needed, needed == 1 ? "" : "s", signatures, count,
				  count ? ", of " : "", signers, why);
}

int controller_seal(struct controller *controller, const char *asked_by,
		    struct cordon_failure *failure)
{
	struct cordon_key_ring ring;
	struct cordon_seal seal;
	int err;

	if (controller->guard.device < 0)
		return cordon_failure_set(failure, EOPNOTSUPP,
					  "without the module there is nothing that keeps a seal. "
					  "Remedy: modprobe cordon, and restart cordond");
	if (controller_mode(controller) != CORDON_MODE_ENFORCING)
		return cordon_failure_set(failure, EPERM,
					  "only what is enforced can be sealed. Remedy: cordon "
					  "enforce");
	err = cordon_key_ring_read(CORDON_KEYS_FOLDER, &ring, failure);
	if (err)
		return err;
	if (ring.count < ring.quorum_loosening || ring.count < BREAK_KEYS_MIN)
		return cordon_failure_set(
			failure, EPERM,
			CORDON_KEYS_FOLDER
			" has %u key%s: too few to loosen a policy (%u) or to break "
			"the glass (%d). Remedy: cordon policy keygen",
			ring.count, ring.count == 1 ? "" : "s", ring.quorum_loosening,
			BREAK_KEYS_MIN);
	cordon_key_ring_digest(&ring, seal.keys);
	if (ioctl(controller->guard.device, CORDON_IOCTL_SEAL, &seal))
		return errno == EALREADY ?
			       cordon_failure_set(failure, EPERM, "this system is sealed already") :
			       cordon_failure_errno(failure, errno, CORDON_DEVICE ": SEAL");
	controller_record(controller, CORDON_REASON_SEALED,
			  "sealed until reboot, %u keys, %u to sign, %u to loosen, asked by %.100s",
			  ring.count, ring.quorum, ring.quorum_loosening, asked_by);
	/* What is open for writing is judged again, under the seal. */
	return controller_renew(controller, "the system is sealed now", failure);
}

/* A statement to break the glass, as cordon break-glass wrote it. */
struct breaking {
	uint64_t serial;
	unsigned int seconds;
	char reason[160];
};

static int read_breaking(const struct controller *controller, const char *statement,
			 struct breaking *breaking, struct cordon_failure *failure)
{
	char boot[CORDON_BOOT_TEXT_BYTES], theirs[64];
	unsigned long long serial;
	int end = 0;

	cordon_boot_text(controller->boot, boot);
	if (sscanf(statement, "cordon-break-glass-1 %63s %llu %u %159[^\n]\n%n", theirs, &serial,
		   &breaking->seconds, breaking->reason, &end) != 4 ||
	    statement[end])
		return cordon_failure_set(failure, EINVAL, "this is no request to break the glass");
	if (strcmp(boot, theirs))
		return cordon_failure_set(failure, EPERM, "the request is for boot %s, this is %s",
					  theirs, boot);
	if (!breaking->seconds || breaking->seconds > CORDON_BREAK_SECONDS_MAX)
		return cordon_failure_set(failure, EINVAL,
					  "the glass is broken for at most %u seconds",
					  CORDON_BREAK_SECONDS_MAX);
	breaking->serial = serial;
	return 0;
}

static int check_breakers(const struct cordon_seal_state *state, const char *statement,
			  const char *signatures, char *names, size_t size,
			  struct cordon_failure *failure)
{
	struct cordon_key_ring ring;
	uint32_t who, needed;
	int count, err = read_ring(state, &ring, failure);

	if (err)
		return err;
	needed = ring.quorum_loosening > BREAK_KEYS_MIN ? ring.quorum_loosening : BREAK_KEYS_MIN;
	count = cordon_count_signers_in(&ring, statement, signatures, &who);
	signer_names(&ring, who, names, size);
	if ((uint32_t)count >= needed)
		return 0;
	return cordon_failure_set(failure, EPERM, "the request needs %u signatures, it has %d%s%s",
				  needed, count, count ? ", of " : "", names);
}

int controller_break_glass(struct controller *controller, const char *statement,
			   const char *signatures, const char *asked_by,
			   struct cordon_failure *failure)
{
	struct cordon_break_glass request = { 0 };
	struct cordon_seal_state state;
	struct breaking breaking;
	char names[128];
	int err;

	if (!controller_seal_state(controller, &state))
		return cordon_failure_set(failure, EPERM, "this system is not sealed");
	err = read_breaking(controller, statement, &breaking, failure);
	if (!err)
		err = check_breakers(&state, statement, signatures, names, sizeof(names), failure);
	if (err)
		return err;
	request.serial = breaking.serial;
	request.seconds = breaking.seconds;
	if (ioctl(controller->guard.device, CORDON_IOCTL_BREAK, &request))
		return errno == ESTALE ?
			       cordon_failure_set(failure, EPERM,
						  "this request, or a later one, was used "
						  "already") :
			       cordon_failure_errno(failure, errno, CORDON_DEVICE ": BREAK");
	controller_record(controller, CORDON_REASON_BROKEN,
			  "glass broken for %u seconds, by keys %.60s: %.100s (%.40s)",
			  breaking.seconds, names, breaking.reason, asked_by);
	return 0;
}

int controller_mend_glass(struct controller *controller, struct cordon_failure *failure)
{
	const struct cordon_break_glass request = { .seconds = 0 };
	struct cordon_seal_state state;

	if (!controller_seal_state(controller, &state))
		return cordon_failure_set(failure, EPERM, "this system is not sealed");
	if (ioctl(controller->guard.device, CORDON_IOCTL_BREAK, &request))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": BREAK");
	controller_follow_seal(controller);
	return 0;
}

/* The kernel enforces again by itself; this makes the mode say so, and a record of it. */
void controller_follow_seal(struct controller *controller)
{
	struct cordon_seal_state state;
	struct cordon_failure failure;

	if (!controller_seal_state(controller, &state) || state.broken ||
	    state.serial == controller->mended)
		return;
	controller->mended = state.serial;
	controller_record(controller, CORDON_REASON_SEALED,
			  "the broken glass is whole again, breaking %llu",
			  (unsigned long long)state.serial);
	if (controller_mode(controller) != CORDON_MODE_ENFORCING &&
	    controller_set_mode(controller, CORDON_MODE_ENFORCING, false, "the seal", &failure))
		fprintf(stderr, "cordond: %s\n", failure.text);
}

struct json_object *controller_seal_status(const struct controller *controller)
{
	struct json_object *object = json_object_new_object();
	struct cordon_seal_state state;
	bool sealed = controller_seal_state(controller, &state);

	json_object_object_add(object, "sealed", json_object_new_boolean(sealed));
	json_object_object_add(object, "broken", json_object_new_boolean(state.broken != 0));
	json_object_object_add(object, "broken_until_ns",
			       json_object_new_uint64(state.broken_until_ns));
	json_object_object_add(object, "breakings", json_object_new_uint64(state.serial));
	return object;
}
