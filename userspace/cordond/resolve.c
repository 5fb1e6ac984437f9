// SPDX-License-Identifier: GPL-2.0-only
#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>

#include "cleanup.h"
#include "resolve.h"

/* A load waits at most this long for names; what is late is unknown until it comes. */
#define PATIENCE_MS	 5000
#define RETRY_S		 60
#define SOCKETS_MAX	 64
#define LIFETIME_LEAST_S 30
#define LIFETIME_MOST_S	 3600

struct resolver {
	const struct cordon_image_view *view;
	struct addresses found;
	struct notes *notes;
	unsigned int pending;
	struct pollfd socket[SOCKETS_MAX];
	int socket_count;
	bool failed; /* no memory */
};

/* One name; several rules can have it. */
struct question {
	struct resolver *resolver;
	uint32_t name; /* the first rule's index */
	bool answered;
};

static const char *name_text(const struct cordon_image_view *view, uint32_t index)
{
	return view->strings + view->hostnames[index].name;
}

static int push(struct addresses *found, struct cordon_name_address address)
{
	struct cordon_name_address *grown;

	grown = realloc(found->address, (found->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	found->address = grown;
	found->address[found->count++] = address;
	return 0;
}

static bool node_address(const struct ares_addrinfo_node *node, struct cordon_address *address)
{
	memset(address, 0, sizeof(*address));
	if (node->ai_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)node->ai_addr;

		address->bytes[10] = address->bytes[11] = 0xff;
		memcpy(address->bytes + 12, &in->sin_addr, 4);
		return true;
	}
	if (node->ai_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)node->ai_addr;

		memcpy(address->bytes, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

/* The address belongs to every rule that names the host. */
static void take_address(struct resolver *resolver, uint32_t first,
			 const struct cordon_address *address)
{
	const struct cordon_image_view *view = resolver->view;
	uint32_t i;

	for (i = first; i < view->hostname_count; i++)
		if (!strcmp(name_text(view, i), name_text(view, first)) &&
		    push(&resolver->found, (struct cordon_name_address){ i, *address }))
			resolver->failed = true;
}

static void shorten_lifetime(struct addresses *found, int seconds)
{
	unsigned int lifetime = seconds < LIFETIME_LEAST_S ? LIFETIME_LEAST_S :
				seconds > LIFETIME_MOST_S  ? LIFETIME_MOST_S :
							     (unsigned int)seconds;

	if (!found->lifetime_s || lifetime < found->lifetime_s)
		found->lifetime_s = lifetime;
}

static void take_answer(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
	struct question *question = context;
	struct resolver *resolver = question->resolver;
	struct ares_addrinfo_node *node;
	struct cordon_address address;

	(void)timeouts;
	question->answered = true;
	resolver->pending--;
	if (status != ARES_SUCCESS) {
		notes_add(resolver->notes, "host %s does not resolve, so it is unknown: %s",
			  name_text(resolver->view, question->name), ares_strerror(status));
		shorten_lifetime(&resolver->found, RETRY_S);
		return;
	}
	for (node = result->nodes; node; node = node->ai_next) {
		if (!node_address(node, &address))
			continue;
		take_address(resolver, question->name, &address);
		shorten_lifetime(&resolver->found, node->ai_ttl);
	}
	ares_freeaddrinfo(result);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* c-ares says which sockets it has, and what it waits for there. */
static void note_socket(void *context, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = context;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	int i;

	for (i = 0; i < resolver->socket_count && resolver->socket[i].fd != fd; i++)
		;
	if (i == SOCKETS_MAX)
		return; /* not listened to: its questions run into the time-out */
	resolver->socket[i] = (struct pollfd){ .fd = fd, .events = events };
	if (i == resolver->socket_count)
		resolver->socket_count++;
	if (!events)
		resolver->socket[i] = resolver->socket[--resolver->socket_count];
}

static void take_sockets(ares_channel channel, const struct pollfd *wait, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (wait[i].revents)
			ares_process_fd(channel,
					wait[i].revents & ~POLLOUT ? wait[i].fd : ARES_SOCKET_BAD,
					wait[i].revents & POLLOUT ? wait[i].fd : ARES_SOCKET_BAD);
	/* For what has run out of time. */
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void wait_for_answers(ares_channel channel, struct resolver *resolver)
{
	long end = now_ms() + PATIENCE_MS;

	while (resolver->pending) {
		struct pollfd wait[SOCKETS_MAX];
		int count = resolver->socket_count;
		long left = end - now_ms();

		if (left <= 0) {
			/* Answers each question that is open, with ARES_ECANCELLED. */
			ares_cancel(channel);
			return;
		}
		/* A copy: answers change the list. */
		memcpy(wait, resolver->socket, sizeof(wait));
		poll(wait, (nfds_t)count, (int)(left < 200 ? left : 200));
		take_sockets(channel, wait, count);
	}
}

static bool is_first_of_name(const struct cordon_image_view *view, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < index; i++)
		if (!strcmp(name_text(view, i), name_text(view, index)))
			return false;
	return true;
}

static int ask_all(ares_channel channel, struct resolver *resolver)
{
	const struct cordon_image_view *view = resolver->view;
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT };
	cordon_auto_free struct question *question =
		calloc(view->hostname_count, sizeof(*question));
	uint32_t i;

	if (!question)
		return -ENOMEM;
	for (i = 0; i < view->hostname_count; i++) {
		if (!is_first_of_name(view, i))
			continue;
		question[i] = (struct question){ .resolver = resolver, .name = i };
		resolver->pending++;
		ares_getaddrinfo(channel, name_text(view, i), NULL, &hints, take_answer,
				 &question[i]);
	}
	wait_for_answers(channel, resolver);
	return resolver->failed ? -ENOMEM : 0;
}

static int compare(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct cordon_name_address));
}

int resolve_names(const struct cordon_image_view *view, struct addresses *addresses,
		  struct notes *notes)
{
	struct resolver resolver = { .view = view, .notes = notes };
	struct ares_options options = { .sock_state_cb = note_socket,
					.sock_state_cb_data = &resolver };
	ares_channel channel;
	int err;

	if (!view->hostname_count) {
		*addresses = (struct addresses){ 0 };
		return 0;
	}
	if (ares_init_options(&channel, &options, ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS)
		return -ENOMEM;
	err = ask_all(channel, &resolver);
	ares_destroy(channel);
	if (err) {
		addresses_free(&resolver.found);
		return err;
	}
	/* In an order of its own, so that the same answers compare equal. */
	if (resolver.found.count)
		qsort(resolver.found.address, resolver.found.count,
		      sizeof(resolver.found.address[0]), compare);
	*addresses = resolver.found;
	return 0;
}

void addresses_free(struct addresses *addresses)
{
	free(addresses->address);
	*addresses = (struct addresses){ 0 };
}

int addresses_equal(const struct addresses *a, const struct addresses *b)
{
	return a->count == b->count &&
	       (!a->count || !memcmp(a->address, b->address, a->count * sizeof(a->address[0])));
}
