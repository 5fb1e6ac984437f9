// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "key.h"
#include "ledger.h"
#include "ledger_words.h"
#include "paths.h"
#include "store_ledger.h"

/* Without a key, or with one that cannot be read, nobody will be able to verify: that is told. */
static bool read_auditor(uint8_t public[CORDON_AUDITOR_KEY_BYTES])
{
	struct cordon_failure failure;
	int err = cordon_key_read_public(CORDON_AUDITOR_FILE, public, &failure);

	if (err)
		fprintf(stderr,
			"cordond: no auditor is enrolled, so nobody can verify the ledger that begins "
			"now: %s\n",
			failure.text);
	return !err;
}

/* What the store keeps of the beginning; the secret in it is the auditor's alone. */
static int describe(const struct cordon_ledger_begin *begin,
		    const uint8_t public[CORDON_AUDITOR_KEY_BYTES], struct cordon_ledger_boot *boot)
{
	*boot = (struct cordon_ledger_boot){
		.abi = CORDON_ABI_VERSION,
		.bytes = sizeof(*boot),
		.boot = { begin->boot[0], begin->boot[1] },
		.ledger = begin->ledger,
		.boottime_ns = begin->boottime_ns,
		.realtime_ns = begin->realtime_ns,
		.cpus = begin->cpus,
		.flags = begin->flags,
	};
	if (!(begin->flags & CORDON_LEDGER_ENROLLED))
		return 0;
	memcpy(boot->auditor, public, sizeof(boot->auditor));
	return cordon_secret_seal(begin->secret, public, boot->sealed);
}

int ledger_begin(struct controller *controller, struct cordon_failure *failure)
{
	struct cordon_ledger_begin begin = { .boot = { controller->boot[0], controller->boot[1] } };
	uint8_t public[CORDON_AUDITOR_KEY_BYTES];
	struct cordon_ledger_state state;
	struct cordon_ledger_boot boot;
	int err;

	if (ioctl(controller->guard.device, CORDON_IOCTL_LEDGER, &state))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": LEDGER");
	if (state.ledger)
		return 0;
	if (read_auditor(public))
		begin.flags = CORDON_LEDGER_ENROLLED;
	if (ioctl(controller->guard.device, CORDON_IOCTL_BEGIN, &begin))
		return cordon_failure_errno(failure, errno, CORDON_DEVICE ": BEGIN");
	err = describe(&begin, public, &boot);
	explicit_bzero(&begin, sizeof(begin));
	if (err)
		return cordon_failure_set(failure, EINVAL,
					  "the secret of the ledger cannot be sealed to the key "
					  "in " CORDON_AUDITOR_FILE);
	controller->ledger_began = true;
	drain_add_boot(controller->drain, &boot);
	return 0;
}

void ledger_record_previous(struct controller *controller)
{
	struct cordon_anchor anchor = { 0 };
	struct cordon_header last;
	char text[CORDON_CONTROL_TEXT_BYTES];
	bool any = !cordon_store_last_epoch(controller->reader, &last);

	if (!controller->ledger_began)
		return;
	if (any) {
		memcpy(anchor.ledger.boot, last.boot, sizeof(anchor.ledger.boot));
		anchor.ledger.number = last.ledger;
		anchor.epoch = last.epoch;
		memcpy(anchor.tag, last.tag, sizeof(anchor.tag));
	}
	cordon_previous_format(any ? &anchor : NULL, text, sizeof(text));
	controller_record(controller, CORDON_REASON_STORE, "%s", text);
}

void ledger_record_removal(struct controller *controller)
{
	const struct cordon_removal *removal = drain_removal(controller->drain);
	char text[CORDON_CONTROL_TEXT_BYTES];
	bool recorded = true;
	size_t i;

	if (!removal)
		return;
	for (i = 0; recorded && i < removal->count; i++) {
		cordon_removed_format(&removal->removed[i], text, sizeof(text));
		recorded = !controller_record(controller, CORDON_REASON_STORE, "%s", text);
	}
	drain_confirm(controller->drain, recorded);
}

void ledger_tell_policy(const struct controller *controller, const struct cordon_policy *policy)
{
	struct cordon_policy_note note = { .version = policy->version };

	if (controller->guard.device < 0)
		return;
	memcpy(note.digest, policy->digest, sizeof(note.digest));
	if (ioctl(controller->guard.device, CORDON_IOCTL_POLICY, &note))
		fprintf(stderr, "cordond: " CORDON_DEVICE ": POLICY: %s\n", strerror(errno));
}

void ledger_leave(const struct controller *controller)
{
	if (controller->guard.device >= 0)
		ioctl(controller->guard.device, CORDON_IOCTL_LEAVE);
}

bool ledger_is_required(const struct controller *controller)
{
	const struct cordon_image *header = controller->policy.view.header;

	return header && (header->policy.options & CORDON_OPTION_LEDGER_FULL_DENY);
}
