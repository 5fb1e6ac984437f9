# SPDX-License-Identifier: GPL-2.0-only
# libcordon-policy.a: the policy language, the image and its evaluator. Whoever links it adds
# userspace/lib/names.c and -lsodium; cordon's verbs check and explain need json-c besides.
# Included by userspace/build.mk and by the tests; only the first time counts.

ifndef CORDON_POLICY_LIBRARY
CORDON_POLICY_LIBRARY := $(B)/userspace/libcordon-policy.a

# In reading order: text, rules, meaning, automaton, hosts, image, evaluation.
CORDON_POLICY_OBJECTS := $(addprefix $(B)/userspace/, \
	policy/arena.o policy/mistake.o policy/source.o \
	policy/scan.o policy/parse.o policy/words.o policy/actions.o \
	policy/check.o policy/accounts.o policy/pattern.o policy/hostrule.o \
	policy/intern.o policy/automaton.o policy/minimise.o policy/pack.o policy/guardrules.o policy/pathrules.o \
	policy/hosts.o policy/addresses.o policy/builder.o policy/compile.o \
	policy/explain.o policy/expect.o \
	policy/diff.o policy/diff_paths.o policy/diff_grants.o policy/diff_hosts.o policy/signature.o \
	lib/image.o lib/evaluate.o lib/label_text.o)

CORDON_POLICY_INCLUDES := -Iuserspace/lib -Iuserspace/policy -I$(B)/userspace/policy
CORDON_POLICY_HEADERS := $(wildcard include/cordon/*.h userspace/lib/*.h userspace/policy/*.h) \
	$(B)/userspace/policy/parse.h

$(B)/userspace/policy/parse.c $(B)/userspace/policy/parse.h &: userspace/policy/parse.y
	@mkdir -p $(@D)
	bison -Wall -Werror -o $(B)/userspace/policy/parse.c --header=$(B)/userspace/policy/parse.h $<

$(B)/userspace/policy/scan.c: userspace/policy/scan.l
	@mkdir -p $(@D)
	flex -o $@ $<

# A static pattern: the rest of userspace/ has rules of its own.
CORDON_POLICY_MADE := $(B)/userspace/policy/scan.o $(B)/userspace/policy/parse.o
$(CORDON_POLICY_MADE): %.o: %.c $(CORDON_POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORDON_POLICY_INCLUDES) -c -o $@ $<

$(filter-out $(CORDON_POLICY_MADE),$(CORDON_POLICY_OBJECTS)): \
		$(B)/%.o: %.c $(CORDON_POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORDON_POLICY_INCLUDES) -c -o $@ $<

$(CORDON_POLICY_LIBRARY): $(CORDON_POLICY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

endif
