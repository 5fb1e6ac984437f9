// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suite `policies`: runs the verbs check and explain as a person does.
 *
 *   bad/NAME.cordon, bad/NAME.d   must give exactly the text in bad/NAME.err
 *   good/NAME.cordon, good/NAME.d must be accepted
 *   examples                      must be accepted, and answer as said below
 *
 * A first line "# check: OPTIONS" gives options to the verb. All is copied
 * first: the tree may belong to anybody, and that is one of the errors.
 * With UPDATE=1 the .err files of the tree are written anew: read the
 * difference before you keep it.
 *
 * usage: policies TOOL POLICIES EXAMPLES COPIES
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_BYTES (1 << 20)
#define WORDS_MAX    48

static char tool[PATH_MAX], tree[PATH_MAX];
static char output[OUTPUT_BYTES]; /* what the last run wrote, both streams */
static int count, failures;

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((format(printf, 2, 3))) static void result(bool good, const char *format, ...)
{
	va_list arguments;

	printf("%sok %d - ", good ? "" : "not ", ++count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	failures += !good;
	if (good)
		return;
	/* What was said instead, as TAP comments. */
	for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s\n", line);
}

/* ---- Running the tool ---- */

static void run_child(char **words, int fd)
{
	if (dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
	execv(tool, words);
	_exit(127);
}

/* The exit code; what it wrote is in the output. */
static int run(char **words)
{
	FILE *file = tmpfile();
	int status;
	pid_t child;
	size_t length;

	if (!file)
		die("tmpfile");
	fflush(stdout);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		run_child(words, fileno(file));
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	rewind(file);
	length = fread(output, 1, sizeof(output) - 1, file);
	output[length] = '\0';
	fclose(file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Words are separated by spaces; '_' stands for a space in a word. */
static int run_line(const char *line)
{
	char copy[4096], *words[WORDS_MAX] = { tool };
	int used = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && used < WORDS_MAX - 1;
	     word = strtok(NULL, " ")) {
		for (char *c = word; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		words[used++] = word;
	}
	return run(words);
}

static int run_check(const char *path)
{
	char line[256] = "", *words[WORDS_MAX] = { tool, (char *)"check" };
	static const char mark[] = "# check: ";
	FILE *file = fopen(path, "r");
	int used = 2;

	if (file && fgets(line, sizeof(line), file) && !strncmp(line, mark, strlen(mark)))
		for (char *word = strtok(line + strlen(mark), " \n"); word;
		     word = strtok(NULL, " \n"))
			words[used++] = word;
	if (file)
		fclose(file);
	words[used] = (char *)path;
	return run(words);
}

/* ---- Copies ---- */

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	size_t length;
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");

	if (!in || !out)
		die(from);
	while ((length = fread(buffer, 1, sizeof(buffer), in)))
		if (fwrite(buffer, 1, length, out) != length)
			die(to);
	fclose(in);
	if (fclose(out) || chmod(to, 0644))
		die(to);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void copy_folder(const char *from, const char *to)
{
	struct dirent **entries;
	int found = scandir(from, &entries, visible, alphasort);

	if (found < 0 || (mkdir(to, 0755) && errno != EEXIST) || chmod(to, 0755))
		die(from);
	for (int i = 0; i < found; i++) {
		char source[PATH_MAX], target[PATH_MAX];
		struct stat status;

		snprintf(source, sizeof(source), "%s/%s", from, entries[i]->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, entries[i]->d_name);
		if (stat(source, &status))
			die(source);
		if (S_ISDIR(status.st_mode))
			copy_folder(source, target);
		else
			copy_file(source, target);
		free(entries[i]);
	}
	free(entries);
}

/* ---- Bad and good policies ---- */

/* "NAME.cordon" and "NAME.d" without what follows the last dot; false: no policy. */
static bool policy_name(const char *file, char *name)
{
	const char *dot = strrchr(file, '.');

	if (!dot || (strcmp(dot, ".cordon") && strcmp(dot, ".d")))
		return false;
	sprintf(name, "%.*s", (int)(dot - file), file);
	return true;
}

static void expected_write(const char *name)
{
	char path[PATH_MAX + NAME_MAX + 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bad/%s.err", tree, name);
	file = fopen(path, "w");
	if (!file || fputs(output, file) < 0 || fclose(file))
		die(path);
}

static bool expected_is(const char *name)
{
	static char expected[OUTPUT_BYTES];
	char path[NAME_MAX + 16];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "bad/%s.err", name);
	file = fopen(path, "r");
	if (!file)
		return false;
	length = fread(expected, 1, sizeof(expected) - 1, file);
	expected[length] = '\0';
	fclose(file);
	return !strcmp(expected, output);
}

static void folder_check(const char *folder, bool bad)
{
	struct dirent **entries;
	int found = scandir(folder, &entries, visible, alphasort);

	if (found < 0)
		die(folder);
	for (int i = 0; i < found; i++) {
		char path[NAME_MAX + 16], name[NAME_MAX + 1];
		int code;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (policy_name(entries[i]->d_name, name)) {
			code = run_check(path);
			if (bad && getenv("UPDATE"))
				expected_write(name);
			else if (bad)
				result(code == 1 && expected_is(name), "bad/%s is refused as said",
				       name);
			else
				result(code == 0, "good/%s is accepted", name);
		}
		free(entries[i]);
	}
	free(entries);
}

/* ---- Runs with what they must say ---- */

struct line {
	const char *name;
	const char *line; /* the words */
	int code;
	const char *says; /* somewhere in the output */
};

#define EVERY "explain --policy good/every-rule.cordon "

static const struct line lines[] = {
	{ "check without errors says what holds", "check good/every-rule.cordon", 0,
	  "policy test version 1: 18 rules, 19 expectations hold\n" },
	{ "check --json says what holds", "check --json good/every-rule.cordon", 0,
	  "{\"ok\":true,\"policy\":\"test\",\"version\":1,\"digest\":\"" },
	{ "check --json lists errors", "check --json bad/level-unknown-near.cordon", 1,
	  "\"rules\":1,\"expectations\":0,\"errors\":[{\"file\":\"bad/level-unknown-near.cordon\","
	  "\"line\":4,\"column\":13,\"message\":\"unknown level \\\"secert\\\"\",\"hint\":\"did "
	  "you mean \\\"secret\\\"?\"}]}" },
	{ "check takes several files as one policy",
	  "check good/several-files.d/20-names.cordon good/several-files.d/10-rules.cordon", 0,
	  "1 rule, 1 expectation holds\n" },
	{ "check refuses an unknown option", "check --strict good/least.cordon", 2, "usage" },
	{ "check says when a file is not there", "check nowhere.cordon", 1,
	  "nowhere.cordon: error: cannot be opened: No such file or directory\n" },
	{ "check wants the file's suffix", "check good/several-files.d/README", 1,
	  "README: error: a policy file's name ends in .cordon\n" },
	{ "check says when a folder is empty", "check made/empty", 1,
	  "made/empty: error: the folder has no policy file\n" },
	{ "check refuses a file that its group may write", "check made/group.cordon", 1,
	  "made/group.cordon: error: the file may be written by its group (mode 0664): only root and "
	  "you may be able to write a policy\n    hint: run: chmod go-w 'made/group.cordon'\n" },
	{ "check refuses a file that everybody may write", "check made/world.cordon", 1,
	  "the file may be written by everybody (mode 0646)" },
	{ "check refuses a symbolic link", "check made/link.cordon", 1,
	  "made/link.cordon: error: cannot be opened: it is a symbolic link\n" },
	{ "check refuses what is no file", "check made/fifo.cordon", 1,
	  "made/fifo.cordon: error: is not a file\n" },
	{ "check refuses a file that is too large", "check made/large.cordon", 1,
	  "made/large.cordon: error: the file has 67108865 bytes, the limit is 67108864\n" },
	{ "check refuses more rules than the limit", "check made/rules.cordon", 1,
	  "made/rules.cordon:20003:1: error: more rules than the limit of 20000\n" },
	{ "check refuses what needs too large an automaton", "check made/stars.cordon", 1,
	  "error: the path rules need more automaton slots than the limit of 8388608\n" },

	{ "explain allows by the rule", EVERY "/usr/bin/a user root read /srv/arrow/x", 0,
	  "allow: none: " },
	{ "explain says the rule's place and text", EVERY "/usr/bin/a user root read /srv/arrow/x",
	  0, "every-rule.cordon:4: file /srv/arrow/** secret arrow\n" },
	{ "explain says the taint that follows", EVERY "/usr/bin/a user root read /srv/arrow/x", 0,
	  "  and then  taint secret arrow\n" },
	{ "explain says that a read is recorded", EVERY "/usr/bin/a user root read /srv/arrow/x", 0,
	  "  and then  an audit record" },
	{ "explain denies with the reason", EVERY "/bin/cat read /srv/arrow/x", 1,
	  "deny: read-up: R1" },
	{ "explain denies writing down after a read",
	  EVERY "/usr/bin/a user root after read /srv/arrow/x write /tmp/x", 1,
	  "deny: write-down: " },
	{ "explain says that a denied read raised nothing",
	  EVERY "/bin/cat after read /srv/arrow/x write /tmp/x", 0, "denied, nothing was read" },
	{ "explain knows the trusted",
	  EVERY "/usr/bin/a group root unit a.service after read "
		"/srv/arrow/x write /tmp/x",
	  0, "allow: trusted: " },
	{ "explain reaches by the rule", EVERY "/bin/cat reach 10.30.0.1:8050", 0,
	  "every-rule.cordon:16: host 10.30.0.0/16" },
	{ "explain does not reach the unknown", EVERY "/bin/cat reach 198.51.100.7:443", 1,
	  "deny: unknown-host: " },
	{ "explain tells inbound from outbound", EVERY "/bin/cat reach 198.51.100.7:22 inbound", 0,
	  "allow: none: " },
	{ "explain takes a path with spaces", EVERY "/bin/cat read /srv/top_secret/x", 1,
	  "\"/srv/top secret/**\" secret noforn" },
	{ "explain --json is an object",
	  "explain --json --policy good/every-rule.cordon /bin/cat read /srv/arrow/x", 1,
	  "{\"ok\":true,\"verdict\":\"deny\",\"reason\":\"read-up\",\"meaning\":\"R1: " },
	{ "explain --json has the rule",
	  "explain --json --policy good/every-rule.cordon /bin/cat read /srv/arrow/x", 1,
	  "\"rule\":{\"place\":\"every-rule.cordon:4\",\"text\":\"file /srv/arrow/** secret arrow\"}" },
	{ "explain --json has the host",
	  "explain --json --policy good/every-rule.cordon /bin/cat reach 198.51.100.7:443", 1,
	  "\"host\":{\"host\":\"198.51.100.7:443\",\"known\":false,\"clearance\":null,\"rule\":null}" },
	{ "explain takes numbers for users",
	  EVERY "/opt/x user 1000 group 1000 unit session-1.scope "
		"read /srv/top_secret/x",
	  1, "clearance cui noforn" },
	{ "explain refuses an unknown user", EVERY "/opt/x user cordon-no-such read /x", 3,
	  "cordon: this machine has no user 'cordon-no-such'\n" },
	{ "explain takes unknown users offline",
	  "explain --offline --policy good/offline.cordon /usr/bin/x user no-such-user-1 group "
	  "no-such-group read /srv/x",
	  0, "allow: none: " },
	{ "explain refuses a path that is not whole", EVERY "/bin/cat read /srv/../x", 2,
	  "'/srv/../x' is not a whole path" },
	{ "explain refuses a program that is not whole", EVERY "cat read /srv/x", 2,
	  "'cat' is not a whole path" },
	{ "explain refuses no question", EVERY "/bin/cat", 2, "usage" },
	{ "explain refuses two questions", EVERY "/bin/cat read /x write /y", 2, "usage" },
	{ "explain refuses a host without port", EVERY "/bin/cat reach 10.0.0.1", 2, "usage" },
	{ "explain refuses policy and image together",
	  "explain --policy good/least.cordon --image x /bin/cat read /x", 2, "usage" },
	{ "explain shows the errors of a bad policy",
	  "explain --policy bad/level-unknown-near.cordon /bin/cat read /x", 3,
	  "error: unknown level \"secert\"" },
	{ "explain refuses what is no image", "explain --image good/least.cordon /bin/cat read /x",
	  3, "cordon: this is not a policy image\n" },
	{ "explain asks the live state",
	  "explain --live 4711 --policy good/every-rule.cordon read "
	  "/srv/top_secret/x",
	  1, "clearance secret arrow" },
	{ "explain uses the live taint",
	  "explain --live 4711 --policy good/every-rule.cordon write "
	  "/tmp/x",
	  1, "deny: write-down: " },
	{ "explain says when there is no such process",
	  "explain --live 12 --policy good/every-rule.cordon read /x", 3,
	  "cordon: there is no process 12\n" },
	{ "explain --live takes no program",
	  "explain --live 4711 --policy good/every-rule.cordon /bin/cat read /x", 2, "usage" },
	{ "explain --live wants a number", "explain --live self read /x", 2, "usage" },

#define EXAMPLE "explain --offline --policy examples "
	{ "the example is accepted", "check --offline examples", 0, "policy example version 1: " },
	{ "example: the uncleared do not read the plan",
	  EXAMPLE "/usr/bin/cat read /srv/classified/secret/plan.txt", 1, "deny: read-up: " },
	{ "example: the cleared read the plan",
	  EXAMPLE "/usr/bin/cat group arrow-cleared read /srv/classified/secret/plan.txt", 0,
	  "allow: none: " },
	{ "example: the cleared do not take it to LOW",
	  EXAMPLE "/usr/bin/curl group arrow-cleared after read /srv/classified/secret/plan.txt "
		  "reach 192.0.2.10:80",
	  1, "deny: host-clearance: " },
	{ "example: the cleared take it to HI",
	  EXAMPLE "/usr/bin/curl group arrow-cleared after read /srv/classified/secret/plan.txt "
		  "reach 192.0.2.20:443",
	  0, "allow: none: " },
	{ "example: nobody reaches UNK", EXAMPLE "/usr/bin/curl reach 198.51.100.7:80", 1,
	  "deny: unknown-host: " },
	{ "example: the cleared leave no copy in /tmp",
	  EXAMPLE
	  "/usr/bin/cp group arrow-cleared after read /srv/classified/secret/plan.txt write "
	  "/tmp/.st",
	  1, "deny: write-down: " },
	{ "example: the uncleared destroy nothing",
	  EXAMPLE "/usr/bin/shred write /srv/classified/secret/plan.txt", 1, "deny: overwrite: " },
};

static void file_make(const char *path, mode_t mode, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) || chmod(path, mode))
		die(path);
}

#define LEAST "policy least version 1\nlevels only < more\n"

/* What cannot be kept in a tree. */
static void material_make(void)
{
	FILE *file;

	if ((mkdir("made", 0755) && errno != EEXIST) ||
	    (mkdir("made/empty", 0755) && errno != EEXIST))
		die("made");
	file_make("made/group.cordon", 0664, LEAST);
	file_make("made/world.cordon", 0646, LEAST);
	unlink("made/link.cordon");
	unlink("made/fifo.cordon");
	if (symlink("../good/least.cordon", "made/link.cordon") || mkfifo("made/fifo.cordon", 0644))
		die("made");
	file_make("made/large.cordon", 0644, LEAST);
	if (truncate("made/large.cordon", (64 << 20) + 1))
		die("made/large.cordon");
	file_make("made/rules.cordon", 0644, LEAST);
	file = fopen("made/rules.cordon", "a");
	for (int i = 0; file && i < 20003; i++)
		fputs("host any clearance more\n", file);
	if (!file || fclose(file))
		die("made/rules.cordon");
	file_make("made/stars.cordon", 0644, LEAST);
	file = fopen("made/stars.cordon", "a");
	for (int i = 0; file && i < 24; i++)
		fprintf(file, "file /srv/*%c%c*%c/x more\n", 'a' + i, 'b' + i, 'c' + i);
	if (!file || fclose(file))
		die("made/stars.cordon");
}

static void lines_check(void)
{
	/* Process 4711 of the tool: see tool.c. */
	setenv("LIVE_CLEARANCE", "10003", 1);
	setenv("LIVE_TAINT", "3", 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int code = run_line(lines[i].line);

		result(code == lines[i].code && strstr(output, lines[i].says), "%s", lines[i].name);
	}
}

/* Only root can give a file away. */
static void owner_check(void)
{
	file_make("made/owner.cordon", 0644, LEAST);
	if (geteuid()) {
		printf("ok %d - check refuses another's file # SKIP only root can make one\n",
		       ++count);
		return;
	}
	if (chown("made/owner.cordon", 12345, 12345))
		die("made/owner.cordon");
	result(run_line("check made/owner.cordon") == 1 &&
		       strstr(output,
			      "made/owner.cordon: error: the file belongs to user 12345: only root "
			      "and you may be able to write a policy\n    hint: run: chown root "
			      "'made/owner.cordon'\n"),
	       "check refuses another's file");
}

int main(int argc, char **argv)
{
	char examples[PATH_MAX];

	if (argc != 5 || !realpath(argv[1], tool) || !realpath(argv[2], tree)) {
		fprintf(stderr, "usage: policies TOOL POLICIES EXAMPLES COPIES\n");
		return 2;
	}
	copy_folder(argv[2], argv[4]);
	snprintf(examples, sizeof(examples), "%s/examples", argv[4]);
	copy_folder(argv[3], examples);
	if (chdir(argv[4]))
		die(argv[4]);
	folder_check("bad", true);
	if (getenv("UPDATE"))
		return 0;
	folder_check("good", false);
	material_make();
	lines_check();
	owner_check();
	printf("1..%d\n", count);
	return failures != 0;
}
