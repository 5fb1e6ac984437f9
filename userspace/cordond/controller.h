/* SPDX-License-Identifier: GPL-2.0-only */
/* What the controller's parts share. All of it belongs to the main thread. */
#ifndef CORDOND_CONTROLLER_H
#define CORDOND_CONTROLLER_H

#include <stdbool.h>
#include <time.h>

#include "automaton.h"
#include "drain.h"
#include "guard.h"
#include "notes.h"
#include "resolve.h"
#include "store.h"
#include "superblocks.h"

struct options {
	const char *policy; /* folder or file */
	int mode; /* enum cordon_mode; -1: as it was last */
	bool without_module;
	struct drain_options store;
};

/* The policy that is active, as it was compiled. */
struct active_policy {
	void *image;
	size_t bytes;
	struct cordon_image_view view;
	struct automaton automaton;
	struct addresses addresses; /* what its names stood for at the last switch */
	time_t ask_again; /* CLOCK_MONOTONIC; 0: it has no names */
};

struct controller {
	struct options options;
	struct cordon_guard guard;
	__u64 boot[2];
	time_t started;
	bool restarted; /* the guard ran already */
	bool ledger_began; /* by us */
	struct active_policy policy;
	struct notes notes; /* of the active policy */
	struct superblocks superblocks;
	struct drain *drain;
	struct cordon_store *reader; /* the store, for queries */
	char mode_trouble[1024]; /* why the mode is not what was asked for; empty: it is */
	struct drain_state stored; /* what of it was told in records so far */
	uint64_t coalesced; /* repeats counted when it was last looked */
	time_t repeats_due; /* CLOCK_MONOTONIC; 0: all have their record */
	time_t mappings_next; /* CLOCK_MONOTONIC: not looked at before */
	bool mappings_due; /* a policy came that they were not compared with */
	bool by_hand; /* an administrator's load is under way */
	bool ending;
	bool detached; /* on request */
	int lock; /* one controller at a time */
	uint64_t mended; /* the breaking of the seal whose end was recorded */
};

/* attach.c: the guard itself. */
/*
 * Finds the guard that runs, else loads one whose first record will have the
 * number @next_sequence.
 */
int controller_attach(struct controller *controller, uint64_t next_sequence,
		      struct cordon_failure *failure);
int controller_adopt(struct controller *controller, struct cordon_failure *failure);
/* Records and notes mappings that the policy would deny now; they stay (bypass G12). */
void controller_report_mappings(struct controller *controller);
int controller_claim(struct controller *controller, struct cordon_failure *failure);
/* A process and what it will execute never hold more than @label. */
int controller_lower(struct controller *controller, uint32_t pid, uint64_t label,
		     struct cordon_failure *failure);
/*
 * Reads as an unclassified subject does, or again as the controller. Without
 * @failure it cannot fail: an error ends the controller.
 */
int controller_be_modest(struct controller *controller, bool modest,
			 struct cordon_failure *failure);
/* Lets everything go: the programs are detached when this returns. */
int controller_detach(struct controller *controller, struct cordon_failure *failure);

/* policy.c: what it enforces. */
int controller_load(struct controller *controller, const char *path, const char *asked_by,
		    struct cordon_failure *failure);
/* At start: the policy folder, or what was active last when that has errors. */
int controller_load_first(struct controller *controller, struct cordon_failure *failure);
/* After a restart: the image of the policy that is active in the kernel. */
int controller_recall_policy(struct controller *controller, struct cordon_failure *failure);
/* Asks for the addresses of names again; a change makes a new generation. */
void controller_refresh_names(struct controller *controller);
/* A new generation of the active policy: whatever was opened before is judged anew. */
int controller_renew(struct controller *controller, const char *why,
		     struct cordon_failure *failure);
/* The mounts changed. */
void controller_refresh_mounts(struct controller *controller);
/* The join of the labels of a file's other names; unclassified when it has none. */
uint64_t controller_link_label(struct controller *controller, uint32_t device, uint64_t inode);
void active_policy_free(struct active_policy *policy);

/* mode.c */
int controller_set_mode(struct controller *controller, enum cordon_mode mode, bool without_module,
			const char *asked_by, struct cordon_failure *failure);
/* What --mode or the last boot says. A refusal is told, kept for status, and no failure. */
void controller_restore_mode(struct controller *controller);
enum cordon_mode controller_mode(const struct controller *controller);

/* seal.c */
/* True when the system is sealed, broken or not. */
bool controller_seal_state(const struct controller *controller, struct cordon_seal_state *state);
/* -EPERM while it is; @broken_will_do: not while the glass is broken. */
int controller_check_unsealed(const struct controller *controller, bool broken_will_do,
			      struct cordon_failure *failure);
/*
 * Whether @next, read at @path, may be loaded under a seal: @statement is what
 * its signers signed, empty for an image. Their names into @signers.
 */
int controller_check_signed(const struct controller *controller, const struct active_policy *next,
			    const char *path, const char *statement, char *signers, size_t size,
			    struct cordon_failure *failure);
int controller_seal(struct controller *controller, const char *asked_by,
		    struct cordon_failure *failure);
int controller_break_glass(struct controller *controller, const char *statement,
			   const char *signatures, const char *asked_by,
			   struct cordon_failure *failure);
int controller_mend_glass(struct controller *controller, struct cordon_failure *failure);
/* To be called again and again: notes the end of a breaking. */
void controller_follow_seal(struct controller *controller);
struct json_object *controller_seal_status(const struct controller *controller);

/* A record of the controller's own doing. 0, or -EAGAIN when there was no room; it is told. */
__attribute__((format(printf, 3, 4))) int controller_record(struct controller *controller,
							    enum cordon_reason reason,
							    const char *format, ...);

/* status.c */
struct json_object *controller_status(struct controller *controller);

/* server.c: the control socket. */
struct server;
int server_open(struct controller *controller, const char *path, struct server **server,
		struct cordon_failure *failure);
int server_descriptor(const struct server *server); /* an epoll instance */
void server_serve(struct server *server);
void server_records_stored(struct server *server);
void server_close(struct server **server);

/* notify.c: to systemd, when it asked for it. */
void notify_send(const char *text);

/* confine.c: from here on only what the controller needs. */
int confine(struct cordon_failure *failure);

/* file.c: small files of state, written whole or not at all. */
int file_write(const char *path, const void *bytes, size_t count, struct cordon_failure *failure);
int file_read_line(const char *path, char *line, size_t size);

#endif /* CORDOND_CONTROLLER_H */
