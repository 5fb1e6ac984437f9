// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a stored label: none, or exactly what these bytes are the form of. */
#include <stdlib.h>
#include <string.h>

#include "cordon/stored_label.h"

int LLVMFuzzerTestOneInput(const __u8 *bytes, size_t count);

int LLVMFuzzerTestOneInput(const __u8 *bytes, size_t count)
{
	struct cordon_stored_label stored;
	__u8 again[CORDON_STORED_BYTES];

	if (!cordon_stored_decode(bytes, count, &stored))
		return 0;
	cordon_stored_encode(&stored, again);
	if (memcmp(bytes, again, sizeof(again)) || !cordon_label_valid(stored.label))
		abort();
	return 0;
}
