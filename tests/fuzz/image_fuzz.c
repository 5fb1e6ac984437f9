// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as an image. What opens is used in every way; the digest is left
 * out of it, as a fuzzer does not find one. Addresses are added too, and what
 * comes of that must open.
 */
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void questions_ask(const struct cordon_image_view *view)
{
	static const char *const paths[] = { "/", "/srv/arrow/plans.pdf", "/usr/bin/soffice",
					     "/home/a/classified/x", "/dev/sdb" };
	uint32_t gids[] = { 0, 1000 };
	struct cordon_earlier_read earlier = { .path = paths[1] };
	struct cordon_question question = {
		.process = { paths[2], 0, gids, 2, "backup.service" },
		.earlier = &earlier,
		.earlier_count = 1,
		.destination = { .port = 443, .protocol = 6 },
	};
	struct cordon_answer answer;

	memcpy(question.destination.address.bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x14\0\x09",
	       16);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		question.path = paths[i];
		question.access = (enum cordon_access)(i % 3);
		cordon_evaluate(view, &question, &answer);
	}
	question.access = CORDON_ACCESS_REACH;
	question.destination.name = "mail.example.mil";
	cordon_evaluate(view, &question, &answer);
}

static void all_shown(const struct cordon_image_view *view)
{
	struct cordon_label_names names = cordon_image_label_names(view);
	char label[CORDON_LABEL_TEXT_BYTES], place[CORDON_RULE_TEXT_BYTES];
	size_t shown = 0;

	for (uint32_t i = 0; i < view->accept_count; i++)
		cordon_label_text(&names, view->accepts[i].label, label, sizeof(label));
	for (uint32_t i = 0; i <= view->rule_count; i++)
		cordon_image_rule_text(view, i, place);
	for (uint32_t i = 0; i < view->hostname_count; i++)
		shown += strlen(view->strings + view->hostnames[i].name);
	for (uint32_t i = 0; i < view->device_count; i++)
		shown += strlen(view->strings + view->devices[i].path);
	if (!shown && (view->hostname_count || view->device_count))
		abort();
}

static void addresses_add(const struct cordon_image_view *view)
{
	struct cordon_name_address addresses[3] = { 0 };
	struct cordon_image_view made_view;
	struct cordon_failure failure;
	void *made = NULL;
	size_t bytes;

	if (!view->hostname_count)
		return;
	for (uint32_t i = 0; i < 3; i++)
		addresses[i].name = i % view->hostname_count;
	if (view->host_count)
		addresses[0].address = view->hosts[0].prefix.address;
	memset(addresses[1].address.bytes, 0x20, sizeof(addresses[1].address.bytes));
	if (cordon_image_add_addresses(view, addresses, 3, &made, &bytes, &failure))
		return;
	if (cordon_image_open(made, bytes, &made_view, &failure))
		abort();
	questions_ask(&made_view);
	free(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct cordon_image_view view;
	struct cordon_failure failure;
	void *copy = malloc(count ? count : 1);

	if (!copy)
		return 0;
	/* Aligned, and exactly so long. */
	memcpy(copy, bytes, count);
	if (!cordon_image_open_layout(copy, count, &view, &failure)) {
		questions_ask(&view);
		all_shown(&view);
		addresses_add(&view);
	}
	free(copy);
	return 0;
}
