// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

void unit_add(struct unit_cases *cases, const char *name, CMUnitTestFunction function,
	      const void *row)
{
	if (cases->count == cases->room) {
		cases->room = cases->room ? 2 * cases->room : 256;
		cases->tests = realloc(cases->tests, cases->room * sizeof(*cases->tests));
		if (!cases->tests)
			abort();
	}
	cases->tests[cases->count++] =
		(struct CMUnitTest){ name, function, NULL, NULL, (void *)(uintptr_t)row };
}

/* splitmix64 */
uint32_t unit_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (uint32_t)(z >> 32);
}

struct unit_policy unit_compile(const char *text)
{
	struct cordon_policy_options options = { .trust = CORDON_POLICY_TRUST_AUTHOR,
						 .offline = 1 };
	struct cordon_failure failure = { "" };
	struct unit_policy policy = { 0 };
	const struct cordon_image *image;
	size_t bytes;

	cordon_policy_compile_text("unit.cordon", text, strlen(text), &options, &policy.text);
	assert_non_null(policy.text);
	cordon_policy_errors_print(policy.text, stderr);
	image = cordon_policy_image(policy.text, &bytes);
	assert_non_null(image);
	if (cordon_image_open(image, bytes, &policy.view, &failure))
		fail_msg("%s", failure.text);
	return policy;
}

void unit_policy_free(struct unit_policy *policy)
{
	cordon_policy_free(policy->text);
	policy->text = NULL;
}

int main(void)
{
	struct unit_cases cases = { 0 };
	int failed;

	unit_label_cases(&cases);
	unit_stored_label_cases(&cases);
	unit_decide_cases(&cases);
	unit_address_cases(&cases);
	unit_automaton_cases(&cases);
	unit_image_cases(&cases);
	unit_hosts_cases(&cases);
	unit_grant_cases(&cases);
	unit_policy_cases(&cases);
	unit_diff_cases(&cases);
	unit_signature_cases(&cases);
	failed = _cmocka_run_group_tests("unit", cases.tests, cases.count, NULL, NULL);
	free(cases.tests);
	return failed != 0;
}
