// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of audit records, one for each CPU: cordon/ledger.h says what a tag is and how keys evolve.
 * A record gets its place and its tag here, before the program that made it submits it.
 *
 * A chain is its CPU's own cache line. It is used with interrupts off, because records are made by
 * tasks and by packets in soft interrupts. The lock is for the sealer of epochs, which visits each
 * chain once an epoch: no CPU ever waits for another one's record.
 *
 * blake2s() works in every context: it takes the vector registers only where it may.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "cordon.h"
#include "ledger.h"

struct cpu_chain {
	raw_spinlock_t lock; /* innermost; protects the rest */
	struct cordon_chain chain;
	u64 limit; /* the sequence at which the epoch has had this chain's share of records */
	u64 told; /* where the last epoch record left it */
};

static DEFINE_PER_CPU_SHARED_ALIGNED(struct cpu_chain, cpu_chains);

/* Set once, by begin; @number last. */
static struct {
	u64 number; /* 0: has not begun */
	u64 boot[2];
	u64 boottime_ns;
	u64 realtime_ns;
	u32 flags;
} ledger;

/**
 * cordon_ledger_has_begun() - whether there are keys
 */
bool cordon_ledger_has_begun(void)
{
	/* Pairs with the release in cordon_ledger_begin(). */
	return smp_load_acquire(&ledger.number);
}

/**
 * cordon_ledger_fill() - what a header says of a chain's next record
 * @header: filled, but for size, class and tag
 * @chain: the chain
 * @number: the chain's
 */
void cordon_ledger_fill(struct cordon_header *header, const struct cordon_chain *chain, u32 number)
{
	header->abi = CORDON_ABI_VERSION;
	header->sequence = chain->sequence + 1;
	header->boot[0] = ledger.boot[0];
	header->boot[1] = ledger.boot[1];
	header->boottime_ns = ktime_get_boot_fast_ns();
	header->realtime_ns = ktime_get_real_fast_ns();
	header->ledger = ledger.number;
	header->epoch = chain->epoch;
	header->chain = number;
	header->algorithm = CORDON_ALGORITHM_BLAKE2S;
	memset(header->header_reserved, 0, sizeof(header->header_reserved));
}

/**
 * cordon_ledger_seal() - make a record the next of this CPU's chain
 * @record: complete but for what the ledger knows: place, times, tag
 * @bytes: its size, header included
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL when @bytes is no size of a record; -ENODATA when the ledger has not begun.
 */
int cordon_ledger_seal(struct cordon_header *record, u32 bytes)
{
	struct cpu_chain *own;
	unsigned long flags;

	if (bytes < sizeof(*record) || bytes > CORDON_RECORD_BYTES_MAX)
		return -EINVAL;
	if (!cordon_ledger_has_begun())
		return -ENODATA;
	record->bytes = bytes;
	record->class = CORDON_CLASS_ACCESS;
	local_irq_save(flags);
	own = this_cpu_ptr(&cpu_chains);
	raw_spin_lock(&own->lock);
	cordon_ledger_fill(record, &own->chain, smp_processor_id());
	cordon_chain_tag(&own->chain, record, record->tag);
	cordon_chain_step(&own->chain, record->tag);
	if (own->chain.sequence == own->limit)
		cordon_epochs_call();
	raw_spin_unlock(&own->lock);
	local_irq_restore(flags);
	return 0;
}

/**
 * cordon_ledger_lose() - a record found no room: count it in this CPU's chain
 *
 * Context: any but NMI.
 * Return: 0; -ENODATA when the ledger has not begun.
 */
int cordon_ledger_lose(void)
{
	struct cpu_chain *own;
	unsigned long flags;

	if (!cordon_ledger_has_begun())
		return -ENODATA;
	local_irq_save(flags);
	own = this_cpu_ptr(&cpu_chains);
	raw_spin_lock(&own->lock);
	cordon_chain_lose(&own->chain);
	if (own->chain.sequence == own->limit)
		cordon_epochs_call();
	raw_spin_unlock(&own->lock);
	local_irq_restore(flags);
	return 0;
}

static void begin_chain(struct cpu_chain *its, u32 cpu, u64 epoch,
			const u8 secret[CORDON_KEY_BYTES])
{
	lockdep_assert_held(&its->lock);
	cordon_chain_begin(&its->chain, cpu, epoch, secret);
	/* An epoch of CORDON_EPOCH_RECORDS at most, however they fall on the CPUs. */
	its->limit = its->chain.sequence + max(1, CORDON_EPOCH_RECORDS / num_online_cpus());
	its->told = its->chain.sequence;
}

/**
 * cordon_chains_begin() - the keys of the first epoch
 * @epoch: its number
 * @secret: its W_j
 */
void cordon_chains_begin(u64 epoch, const u8 secret[CORDON_KEY_BYTES])
{
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct cpu_chain *its = per_cpu_ptr(&cpu_chains, cpu);

		raw_spin_lock_irqsave(&its->lock, flags);
		begin_chain(its, cpu, epoch, secret);
		raw_spin_unlock_irqrestore(&its->lock, flags);
	}
}

/**
 * cordon_chains_turn() - from one epoch to the next
 * @epoch: of the one that ends: heads of the chains that moved, counts of all
 * @secret: the next one's W_j
 *
 * Each chain turns for itself: its records before are of the old epoch, those after of the new.
 */
void cordon_chains_turn(struct cordon_epoch *epoch, const u8 secret[CORDON_KEY_BYTES])
{
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct cpu_chain *its = per_cpu_ptr(&cpu_chains, cpu);

		raw_spin_lock_irqsave(&its->lock, flags);
		if (its->chain.sequence != its->told) {
			struct cordon_chain_head *head = &epoch->head[epoch->heads++];

			head->chain = cpu;
			head->flags = cpu_online(cpu) ? CORDON_HEAD_ONLINE : 0;
			head->sequence = its->chain.sequence;
			head->drops = its->chain.drops;
			memcpy(head->tag, its->chain.tag, sizeof(head->tag));
		}
		epoch->records += its->chain.sequence;
		epoch->drops += its->chain.drops;
		begin_chain(its, cpu, its->chain.epoch + 1, secret);
		raw_spin_unlock_irqrestore(&its->lock, flags);
	}
}

/**
 * cordon_ledger_begin() - draw the secret, start the chains, hand the secret over
 * @request: in and out, see abi.h
 *
 * The secret is drawn here and not earlier: before there is a controller no record can be made,
 * and what does not exist cannot be read. Whoever enrolled an auditor gets it in @request, this
 * once; otherwise nobody ever has it.
 *
 * Return: 0; -EINVAL for unknown flags; -EALREADY when the ledger has begun; -ERESTARTSYS when a
 * signal came before the kernel had randomness.
 */
int cordon_ledger_begin(struct cordon_ledger_begin *request)
{
	u8 secret[CORDON_KEY_BYTES];
	int err;

	lockdep_assert_held(&cordon_lock);
	if (request->flags & ~CORDON_LEDGER_ENROLLED)
		return -EINVAL;
	if (ledger.number)
		return -EALREADY;
	err = get_random_bytes_wait(secret, sizeof(secret));
	if (err)
		return err;
	memcpy(ledger.boot, request->boot, sizeof(ledger.boot));
	ledger.flags = request->flags;
	ledger.boottime_ns = ktime_get_boottime_ns();
	ledger.realtime_ns = ktime_get_real_ns();
	cordon_chains_begin(0, secret);
	cordon_epochs_begin(secret);
	request->ledger = cordon_ledger_number(secret);
	request->cpus = nr_cpu_ids;
	request->boottime_ns = ledger.boottime_ns;
	request->realtime_ns = ledger.realtime_ns;
	memset(request->secret, 0, sizeof(request->secret));
	if (request->flags & CORDON_LEDGER_ENROLLED)
		memcpy(request->secret, secret, sizeof(request->secret));
	memzero_explicit(secret, sizeof(secret));
	/* Pairs with the acquire in cordon_ledger_has_begun(): who sees the number sees keys. */
	smp_store_release(&ledger.number, request->ledger);
	cordon_epochs_start(task_tgid_nr(current));
	pr_info("the ledger begins, %s\n", request->flags & CORDON_LEDGER_ENROLLED ?
						   "its secret goes to the auditor" :
						   "no auditor: nobody can verify it");
	return 0;
}

/* Adds up the chains. */
static void add_chains(struct cordon_ledger_state *state)
{
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct cpu_chain *its = per_cpu_ptr(&cpu_chains, cpu);

		raw_spin_lock_irqsave(&its->lock, flags);
		state->records += its->chain.sequence;
		state->drops += its->chain.drops;
		raw_spin_unlock_irqrestore(&its->lock, flags);
	}
}

/**
 * cordon_ledger_read_state() - how far the ledger got
 * @state: filled
 */
void cordon_ledger_read_state(struct cordon_ledger_state *state)
{
	lockdep_assert_held(&cordon_lock);
	*state = (struct cordon_ledger_state){
		.ledger = ledger.number,
		.cpus = nr_cpu_ids,
		.flags = ledger.flags,
	};
	add_chains(state);
	cordon_epochs_read_state(state);
}

/**
 * cordon_ledger_init() - make the chains
 */
void __init cordon_ledger_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
	{
		raw_spin_lock_init(&per_cpu_ptr(&cpu_chains, cpu)->lock);
	}
}

/**
 * cordon_ledger_exit() - wipe what keys there are
 */
void cordon_ledger_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct cpu_chain *its = per_cpu_ptr(&cpu_chains, cpu);

		memzero_explicit(&its->chain, sizeof(its->chain));
	}
}
