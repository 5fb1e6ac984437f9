# SPDX-License-Identifier: GPL-2.0-only
# Suite `fuzz`: libFuzzer on what reads bytes of others. FUZZ_SECONDS for each target; what it
# finds new is left in $(B)/tests/fuzz/found/; seeds are the corpus of the tree (kept findings) and
# what is made from tests/policies and the ABI.

-include userspace/policy/build.mk

FUZZ := $(B)/tests/fuzz
FUZZ_SECONDS ?= 20
FUZZ_TARGETS := policy image record ledger label
CHECK_TARGETS += check-fuzz

# Smaller limits of work: a slow input is no finding here.
FUZZ_CFLAGS := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-DCORDON_AUTOMATON_STATES_MAX=4096 -DCORDON_POLICY_RULES_MAX=2000u -DCORDON_LEDGER_LOSSES_MAX=256 \
	-D_GNU_SOURCE -Iuserspace/ledger \
	$(CORDON_POLICY_INCLUDES)
FUZZ_SOURCES := $(patsubst $(B)/%.o,%.c,$(filter-out $(CORDON_POLICY_MADE),$(CORDON_POLICY_OBJECTS))) \
	$(CORDON_POLICY_MADE:.o=.c) userspace/lib/names.c
FUZZ_SOURCES_record := userspace/lib/record_text.c userspace/lib/escape.c
FUZZ_SOURCES_ledger := $(addprefix userspace/ledger/,evidence.c words.c lanes.c ahead.c walk.c \
	verify.c ends.c)

$(FUZZ)/%_fuzz: tests/fuzz/%_fuzz.c $(FUZZ_SOURCES) $(FUZZ_SOURCES_record) \
		$(FUZZ_SOURCES_ledger) $(wildcard userspace/ledger/*.h) $(CORDON_POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CLANG) $(CFLAGS) $(FUZZ_CFLAGS) -o $@ $< $(FUZZ_SOURCES) $(FUZZ_SOURCES_$*) -ljson-c -lsodium -lb2

$(FUZZ)/seeds/done: tests/fuzz/seeds.c $(CORDON_POLICY_LIBRARY) $(wildcard tests/policies/good/*.cordon)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORDON_POLICY_INCLUDES) -o $(FUZZ)/seeds/make $< userspace/lib/names.c \
		$(CORDON_POLICY_LIBRARY) -lsodium
	$(FUZZ)/seeds/make $(FUZZ)/seeds $(wildcard tests/policies/good/*.cordon)
	@mkdir -p $(FUZZ)/seeds/policy
	cp tests/policies/good/*.cordon examples/policy.d/*.cordon $(FUZZ)/seeds/policy
	cp tests/policies/bad/*.cordon $(FUZZ)/seeds/policy
	@touch $@

.PHONY: fuzz check-fuzz
fuzz: check-fuzz ## Fuzz what reads bytes of others (FUZZ_SECONDS)

check-fuzz: $(FUZZ_TARGETS:%=$(FUZZ)/%_fuzz) $(FUZZ)/seeds/done
	@mkdir -p $(RESULTS)
	tests/fuzz/run $(FUZZ) tests/fuzz/corpus $(FUZZ_SECONDS) $(FUZZ_TARGETS) >$(RESULTS)/fuzz.tap
