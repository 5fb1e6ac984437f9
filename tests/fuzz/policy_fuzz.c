// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a policy: errors or an image that opens, never anything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR,
						 .offline = 1 };
	struct cordon_policy_text *policy = NULL;
	struct cordon_image_view view;
	struct cordon_failure failure;
	const struct cordon_image *image;
	size_t image_bytes, printed;
	char *text = NULL;
	FILE *out;

	cordon_policy_compile_text("fuzz.cordon", (const char *)bytes, count, &options, &policy);
	if (!policy)
		return 0;
	image = cordon_policy_image(policy, &image_bytes);
	if (!image != (cordon_policy_error_count(policy) > 0))
		abort();
	if (image && cordon_image_open(image, image_bytes, &view, &failure))
		abort();
	out = open_memstream(&text, &printed);
	if (out) {
		cordon_policy_errors_print(policy, out);
		fclose(out);
	}
	free(text);
	cordon_policy_free(policy);
	return 0;
}
