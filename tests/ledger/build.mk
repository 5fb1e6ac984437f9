# SPDX-License-Identifier: GPL-2.0-only
# Tests of the ledger's verifier and of the store under load: natively, under the sanitizers, on
# ledgers that model.c makes with the module's own functions.

LT        := $(B)/tests/ledger
LT_TESTS  := verify
LT_CFLAGS  = $(USERSPACE_CFLAGS) $(USERSPACE_TEST_FLAGS) -Itests/ledger
LT_LEDGER := $(patsubst $(OBJECTS)/%,$(CHECKED)/%,$(CORDON_LEDGER_OBJECTS))

$(LT)/%.o: tests/ledger/%.c $(wildcard tests/ledger/*.h) $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LT_CFLAGS) -c -o $@ $<

$(LT_TESTS:%=$(LT)/%_test): $(LT)/%_test: $(LT)/%_test.o $(LT)/model.o $(LT_LEDGER) \
		$(CHECKED_OBJECTS) $(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(USERSPACE_TEST_FLAGS) -o $@ $^ -lcmocka -lsqlite3 -ljson-c -lsodium -lb2

.PHONY: check-ledger
check-ledger: $(LT_TESTS:%=$(LT)/%_test)
	@mkdir -p $(RESULTS)
	@failed=0; for test in $^; do \
		CMOCKA_MESSAGE_OUTPUT=TAP $$test >$$test.out 2>&1 || failed=1; \
		sed 's/^[[:space:]]*//' $$test.out >$(RESULTS)/ledger-$$(basename $$test).tap; \
	done; exit $$failed

CHECK_TARGETS += check-ledger
