// SPDX-License-Identifier: GPL-2.0-only
/* Records of any size for the module's ledger, without a guard: what ledger_test and bench run. */
#include "kfuncs.bpf.h"
#include "cordon/abi.h"

#define PROBE_CPUS  16
#define PROBE_BYTES 4096

__u8 records[PROBE_CPUS][PROBE_BYTES];
__u64 sealed[PROBE_CPUS]; /* so many times */
__u64 spent_ns[PROBE_CPUS];
__s32 failed[PROBE_CPUS];
__u32 wanted;

#define PROBE(name, size)                                            \
	static long name##_turn(__u64 index, void *context)          \
	{                                                            \
		__u32 cpu = bpf_get_smp_processor_id() % PROBE_CPUS; \
		int err = cordon_record_seal(records[cpu], size);    \
                                                                     \
		if (err)                                             \
			failed[cpu] = err;                           \
		else                                                 \
			sealed[cpu]++;                               \
		return 0;                                            \
	}                                                            \
                                                                     \
	SEC("syscall")                                               \
	int name(void *context)                                      \
	{                                                            \
		__u32 cpu = bpf_get_smp_processor_id() % PROBE_CPUS; \
		__u64 from;                                          \
                                                                     \
		if (!module_is_there)                                \
			return 0;                                    \
		from = bpf_ktime_get_ns();                           \
		bpf_loop(wanted, name##_turn, NULL, 0);              \
		spent_ns[cpu] += bpf_ktime_get_ns() - from;          \
		return 0;                                            \
	}

PROBE(seal_header, sizeof(struct cordon_header))
PROBE(seal_128, 128)
PROBE(seal_256, 256)
PROBE(seal_record, sizeof(struct cordon_record))

static long lose_turn(__u64 index, void *context)
{
	cordon_record_lose();
	return 0;
}

SEC("syscall")
int lose(void *context)
{
	if (module_is_there)
		bpf_loop(wanted, lose_turn, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
