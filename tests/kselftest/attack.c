// SPDX-License-Identifier: GPL-2.0-only
/* The driver of the rows: see attack.h. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "attack.h"
#include "records.h"

#define LOOT_NAME  "/loot"
#define HARMLESS   "nothing of it is secret, be sure."
#define RECEIVE_MS 300

/* What the placeholders of a row stand for in one phase. */
struct scene {
	const char *attacker, *secret, *object, *place, *loot;
	enum sink_name host;
	pid_t holder;
	char steps[8192];
};

static const char *complain(const char *format, ...)
{
	static char text[8192];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

/* ---- The arenas ------------------------------------------------------------ */

/* @content again and again, a page's worth, so that holes can be punched and pages mapped. */
static int make_file(const char *dir, const char *name, const char *content)
{
	char path[512], page[4096];
	int fd, result = 0;

	for (size_t at = 0; at < sizeof(page); at += CANARY_BYTES)
		memcpy(page + at, content, CANARY_BYTES);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (write(fd, page, sizeof(page)) != sizeof(page) || fchmod(fd, 0666) ||
	    fsetxattr(fd, CANARY_XATTR, "none", 4, 0))
		result = -errno;
	close(fd);
	return result;
}

int attack_put(const char *path, const char *content)
{
	int status;
	pid_t pid = fork();

	/* In a child: a secret place is not to taint the test (see place.c). */
	if (pid == 0) {
		int result = make_file("", path + 1, content);

		sync();
		_exit(-result);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static int make_dir(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
	if (mkdir(path, 0777) || chmod(path, 0777))
		return -errno;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type, (void)at;
	return remove(path) ? -errno : 0;
}

static int reset_arena(const char *arena, const char *content)
{
	int result = nftw(arena, remove_entry, 16, FTW_DEPTH | FTW_PHYS);

	if (result && access(arena, F_OK) == 0)
		return -ENOTEMPTY;
	result = make_dir(arena, "");
	if (!result)
		result = make_dir(arena, "empty");
	if (!result)
		result = make_dir(arena, "dir");
	if (!result)
		result = make_file(arena, "dir/inner", content);
	if (!result)
		result = make_file(arena, "file", content);
	return result ? result : make_file(arena, "victim", content);
}

/* In a child, for whoever reads the names in a secret place is tainted (see place.c). */
static int reset_arena_in_child(const char *arena, const char *content)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		place_share_nothing();
		_exit(-reset_arena(arena, content));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

int attack_reset_arenas(void)
{
	int result = reset_arena_in_child(SECRET_ARENA, attack_canary());

	/* Each by itself: a child that has read secret names would need its exemption here. */
	return result ? result : reset_arena_in_child(LOW_ARENA, HARMLESS);
}

/* ---- The scene ------------------------------------------------------------- */

static void set_scene(const struct attack *attack, enum attack_phase phase, struct scene *scene)
{
	bool cleared = phase == PHASE_CLEARED;
	const char *plain = attack->attacker ? attack->attacker : PLAIN;
	const char *may = attack->cleared ? attack->cleared : CLEARED;

	*scene = (struct scene){
		.attacker = may,
		.secret = attack->secret ? attack->secret : SECRET,
		.object = attack->object  ? attack->object :
			  attack->inwards ? LOW_ARENA :
					    SECRET_ARENA,
		.place = cleared != attack->inwards ? SECRET_ARENA : LOW_ARENA,
		.host = attack->host,
	};
	switch (attack->kind) {
	case ATTACK_READ:
		scene->attacker = cleared ? may : plain;
		scene->loot = cleared ? NULL : LOW_ARENA LOOT_NAME;
		break;
	case ATTACK_DESTROY:
		scene->attacker = cleared ? may : plain;
		break;
	case ATTACK_MOVE:
		if (attack->inwards && cleared)
			scene->place = LOW_ARENA;
		break;
	case ATTACK_SEND:
		scene->attacker = cleared ? may : CLEARED;
		scene->host = cleared ? SINK_HI : attack->host;
		break;
	case ATTACK_REACH:
		scene->attacker = cleared && attack->cleared ? may : plain;
		scene->host = cleared ? SINK_LOW : attack->host;
		break;
	case ATTACK_WRITE_DOWN:
		break;
	}
}

static const char *stands_for(const struct scene *scene, char placeholder)
{
	static char pid[16];

	switch (placeholder) {
	case 's':
		return scene->secret;
	case 'a':
		return scene->attacker;
	case 'o':
		return scene->object;
	case 'p':
		return scene->place;
	case 'h':
		return sink_hosts[scene->host].v4;
	case 'H':
		return sink_hosts[scene->host].v6;
	case 'i':
		return sink_hosts[scene->host].wire;
	case 'g':
		return HI_V4;
	case 'd':
		snprintf(pid, sizeof(pid), "%d", scene->holder);
		return pid;
	}
	return "?";
}

static const char *fill_in(struct scene *scene, const char *steps)
{
	size_t length = 0;

	for (; *steps && length + 256 < sizeof(scene->steps); steps++) {
		if (*steps == '%' && steps[1])
			length += sprintf(scene->steps + length, "%s", stands_for(scene, *++steps));
		else
			scene->steps[length++] = *steps;
	}
	scene->steps[length] = '\0';
	return scene->steps;
}

/* A process that has done its steps, up to where it stops itself. */
static bool start_holder(const struct attack *attack, struct scene *scene)
{
	struct actor_call call = { .program = CLEARED };
	char loot[128];

	if (!attack->holder)
		return true;
	if (attack->holder_receives) {
		snprintf(loot, sizeof(loot), "%s/got", scene->place);
		call.loot = loot;
		if (!strcmp(scene->place, LOW_ARENA))
			call.program = PLAIN;
	}
	call.steps = fill_in(scene, attack->holder);
	scene->holder = actor_start(&call);
	if (scene->holder < 0 || !actor_wait_stopped(scene->holder))
		return false;
	/* What it still has to do needs the attacker's part. */
	return kill(scene->holder, SIGCONT) == 0;
}

/* A receiver is given the time to receive; all others are only held. */
static void end_holder(const struct attack *attack, struct scene *scene)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	if (scene->holder <= 0)
		return;
	for (int ms = 0; ms < RECEIVE_MS && attack->holder_receives; ms += 5) {
		if (waitpid(scene->holder, NULL, WNOHANG) == scene->holder)
			return;
		nanosleep(&pause, NULL);
	}
	kill(scene->holder, SIGKILL);
	actor_wait(scene->holder);
}

/* ---- The verdict ----------------------------------------------------------- */

static bool uses_network(const struct attack *attack)
{
	return attack->kind == ATTACK_SEND || attack->kind == ATTACK_REACH;
}

/* What the attack must not change, as a number. */
static unsigned long long digest_of(const struct attack *attack, const struct scene *scene)
{
	switch (attack->kind) {
	case ATTACK_DESTROY:
		return place_digest(scene->object);
	case ATTACK_MOVE:
		return place_digest(SECRET_ARENA) + 3 * place_digest(LOW_ARENA);
	case ATTACK_WRITE_DOWN:
		return place_digest(scene->place);
	default:
		return 0;
	}
}

/* Whether the attack did what it is for, wherever that can be seen. */
static bool did_work(const struct attack *attack, const struct scene *scene,
		     unsigned long long before)
{
	const char *canary = attack_canary();

	switch (attack->kind) {
	case ATTACK_READ:
		/* Whoever may read it says by his exit status that he did. */
		return !scene->loot || place_holds(scene->loot, canary, CANARY_BYTES);
	case ATTACK_WRITE_DOWN:
		/* In the positive control the place held the canary before. */
		if (attack->by_change || !strcmp(scene->place, SECRET_ARENA))
			return digest_of(attack, scene) != before;
		return place_holds(scene->place, canary, CANARY_BYTES);
	case ATTACK_DESTROY:
	case ATTACK_MOVE:
		return digest_of(attack, scene) != before;
	case ATTACK_SEND:
		return sink_received(scene->host, canary, CANARY_BYTES);
	case ATTACK_REACH:
		return sink_received(scene->host, REACH_TEXT, strlen(REACH_TEXT));
	}
	return true;
}

/* Sinks that must have seen nothing, whichever host the attack was aimed at. */
static bool any_sink_has_canary(void)
{
	return sink_received(SINK_UNK, attack_canary(), CANARY_BYTES) ||
	       sink_received(SINK_LOW, attack_canary(), CANARY_BYTES);
}

static const char *judge_record(const struct attack *attack, enum attack_phase phase, off_t from,
				pid_t pid)
{
	struct record_wish wish = {
		.pid = pid,
		.verdict = phase == PHASE_PERMISSIVE ? "would-deny" : "deny",
		.reason = attack->reason,
		.operation = attack->operation,
	};
	struct json_object *record;

	/* To try the attacks themselves: `run --without-guard`. */
	if (getenv(WITHOUT_GUARD_ENV))
		return NULL;
	record = records_await(from, &wish, RECORD_PATIENCE_MS);
	if (!record)
		return complain(
			"no record of process %d says %s, reason %s, operation %s; it has:\n%s",
			pid, wish.verdict, wish.reason ? wish.reason : "any",
			wish.operation ? wish.operation : "any", records_tell(from, pid));
	json_object_put(record);
	return NULL;
}

/* A move is refused so that mv(1) falls back to a copy. */
static bool is_denial(const struct attack *attack, int status)
{
	if (status && status == attack->other_error)
		return true;
	if (attack->kind == ATTACK_MOVE)
		return status == EXDEV;
	return status == EACCES || status == EPERM;
}

static const char *judge(const struct attack *attack, enum attack_phase phase,
			 const struct scene *scene, int status, bool worked, off_t from, pid_t pid)
{
	if (status == ACTOR_SETUP || status == ACTOR_USAGE)
		return complain("%s: %s; %s", actor_status_text(status), scene->steps,
				records_tell(from, pid));
	if (phase == PHASE_ENFORCING) {
		if (worked)
			return complain("LEAK: the attack worked (it ended with %s): %s",
					actor_status_text(status), scene->steps);
		if (!is_denial(attack, status))
			return complain("not denied but %s: %s", actor_status_text(status),
					scene->steps);
		return judge_record(attack, phase, from, pid);
	}
	if (status != ACTOR_OK)
		return complain("ended with %s: %s; %s", actor_status_text(status), scene->steps,
				records_tell(from, pid));
	if (!worked)
		return complain("went well and yet had no effect: %s", scene->steps);
	return phase == PHASE_PERMISSIVE ? judge_record(attack, phase, from, pid) : NULL;
}

static int prepare(const struct attack *attack, enum attack_phase phase)
{
	int result = attack_set_mode(phase == PHASE_PERMISSIVE ? MODE_PERMISSIVE : MODE_ENFORCING);

	if (!result)
		result = attack_reset_arenas();
	if (!result && attack->object && strcmp(attack->object, SECRET_ARENA))
		result = reset_arena(attack->object, HARMLESS);
	for (int i = 0; i < SINK_COUNT && !result && uses_network(attack); i++)
		result = sink_forget(i);
	return result;
}

const char *attack_play(const struct attack *attack, enum attack_phase phase)
{
	bool own_steps = phase == PHASE_CLEARED && attack->cleared_steps;
	const char *seen;
	unsigned long long before;
	struct actor_call call;
	struct scene scene;
	int status, result;
	bool worked;
	off_t from;
	pid_t pid;

	result = prepare(attack, phase);
	if (result)
		return complain("the world could not be made ready: %s", strerror(-result));
	set_scene(attack, phase, &scene);
	from = records_end();
	if (!start_holder(attack, &scene)) {
		seen = complain("the holder did not hold: %s", scene.steps);
		end_holder(attack, &scene);
		return seen;
	}
	before = digest_of(attack, &scene);
	call = (struct actor_call){ .program = attack->starts_as ?: scene.attacker,
				    .steps = fill_in(&scene, own_steps ? attack->cleared_steps :
									 attack->steps),
				    .loot = scene.loot,
				    .want_canary = attack->kind == ATTACK_READ };
	pid = actor_start(&call);
	status = actor_wait(pid);
	end_holder(attack, &scene);
	worked = did_work(attack, &scene, before);
	if (phase == PHASE_ENFORCING && uses_network(attack))
		worked |= any_sink_has_canary();
	return judge(attack, phase, &scene, status, worked, from, pid);
}
