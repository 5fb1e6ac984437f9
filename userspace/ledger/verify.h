/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a ledger is what the kernel made: every epoch and every chain is
 * accounted for, and the answer is one verdict with its evidence.
 */
#ifndef CORDON_LEDGER_VERIFY_H
#define CORDON_LEDGER_VERIFY_H

#include "evidence.h"
#include "lanes.h"

/* From the best to the worst: the whole is as good as the worst that was found. */
#define CORDON_LEDGER_VERDICTS(X)                                                                \
	X(INTACT, "intact", "every record that the kernel made is here, as it was made")         \
	X(OVERFLOW, "intact-with-losses",                                                        \
	  "intact; the kernel itself counted records that found no room")                        \
	X(CRASHED, "crashed",                                                                    \
	  "a ledger ends without a shutdown; at most its last epoch is missing")                 \
	X(TRUNCATED, "truncated", "a beginning or an end is missing that is known to have been") \
	X(MISSING_BOOT, "missing-boot", "a ledger is missing that is known to have been")        \
	X(UNVERIFIABLE, "unverifiable", "the key does not open a ledger, or nobody's does")      \
	X(ALTERED, "altered", "a record was changed, removed, added or moved")
#define CORDON_ENUM_LEDGER_VERDICT(name, text, doc) CORDON_LEDGER_##name,
enum cordon_ledger_verdict {
	CORDON_LEDGER_VERDICTS(CORDON_ENUM_LEDGER_VERDICT) CORDON_LEDGER_VERDICT_COUNT
};
const char *cordon_ledger_verdict_name(enum cordon_ledger_verdict verdict);
const char *cordon_ledger_verdict_text(enum cordon_ledger_verdict verdict);

/* One piece of evidence. */
struct cordon_finding {
	enum cordon_ledger_verdict verdict;
	struct cordon_ledger_id ledger; /* number 0: of the whole */
	uint64_t epoch;
	uint32_t chain; /* CORDON_CHAIN_NONE: of none */
	uint64_t from, to; /* sequence numbers; 0: none */
	char text[200];
};

struct cordon_ledger_summary {
	struct cordon_ledger_id id;
	enum cordon_ledger_verdict verdict;
	uint64_t records; /* whose tag is right, in chains of CPUs */
	uint64_t changes;
	uint64_t epochs; /* whose record is right */
	uint64_t lost; /* that found no room, as the keys prove */
	uint64_t first_epoch, last_epoch; /* of those that have their record */
	uint64_t last_ns; /* wall clock of the last one's record */
	uint64_t tail; /* records after the last epoch record */
	bool ended; /* by a shutdown, an unload, or a controller that was told to stop */
	uint32_t last_change; /* enum cordon_change_kind */
	uint64_t vouched_epoch; /* the last that an anchor or a later ledger speaks of */
	bool vouched;
};

#define CORDON_FINDINGS_MAX 256
struct cordon_ledger_report {
	enum cordon_ledger_verdict verdict;
	uint64_t wasted; /* steps over losses that were none */
	uint64_t finding_total; /* the first ones are kept */
	size_t finding_count;
	struct cordon_finding finding[CORDON_FINDINGS_MAX];
	size_t ledger_count;
	struct cordon_ledger_summary *ledger;
};

struct cordon_verify_options {
	/* Opens a sealed secret; 0, or -errno when the key is another one. */
	int (*open)(void *context, const struct cordon_ledger_boot *boot,
		    uint8_t secret[CORDON_SECRET_BYTES]);
	void *context;
	enum lanes_kind lanes; /* how keys are tried: nothing else depends on it */
	bool partial; /* the auditor gave some of the volumes: earlier ones may be elsewhere */
};

/* The evidence is sorted by it. 0 or -ENOMEM. */
int cordon_ledger_verify(struct cordon_evidence *evidence,
			 const struct cordon_verify_options *options,
			 struct cordon_ledger_report *report);
void cordon_ledger_report_free(struct cordon_ledger_report *report);

#endif /* CORDON_LEDGER_VERIFY_H */
