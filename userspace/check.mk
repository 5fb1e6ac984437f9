# SPDX-License-Identifier: GPL-2.0-only
# Suite `userspace`: what the controller and the command line are made of, under the sanitizers.

USERSPACE_TESTS := record_text store volumes words places
USERSPACE_TEST_FLAGS := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -DCORDON_LEDGER_AHEAD_ROWS=64 \
	-Itests/userspace -Iuserspace/cordond -Iuserspace/cordon
CHECKED := $(B)/userspace/checked

$(CHECKED)/%.o: userspace/%.c $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(USERSPACE_CFLAGS) $(USERSPACE_TEST_FLAGS) -c -o $@ $<

$(CHECKED)/%_test.o: tests/userspace/%_test.c tests/userspace/suite.h $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(USERSPACE_CFLAGS) $(USERSPACE_TEST_FLAGS) -c -o $@ $<

CHECKED_OBJECTS := $(addprefix $(CHECKED)/, \
	lib/names.o lib/escape.o lib/mounts.o lib/control.o lib/gaps.o lib/store.o lib/store_query.o lib/store_ledger.o lib/volumes.o \
	lib/record_text.o cordon/since.o cordond/automaton.o cordond/superblocks.o \
	cordond/devices.o cordond/notes.o cordond/links.o)

$(USERSPACE_TESTS:%=$(CHECKED)/%_test): $(CHECKED)/%_test: $(CHECKED)/%_test.o \
		$(CHECKED_OBJECTS) $(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(USERSPACE_TEST_FLAGS) -o $@ $^ -lcmocka -lsqlite3 -ljson-c -lsodium -lb2

$(CHECKED)/volumes_test: $(patsubst $(OBJECTS)/%,$(CHECKED)/%,$(CORDON_LEDGER_OBJECTS))

# cmocka indents its lines in some versions; TAP is not indented.
.PHONY: check-userspace
check-userspace: $(USERSPACE_TESTS:%=$(CHECKED)/%_test)
	@mkdir -p $(RESULTS)
	@failed=0; for test in $^; do \
		CMOCKA_MESSAGE_OUTPUT=TAP $$test >$$test.out 2>&1 || failed=1; \
		sed 's/^[[:space:]]*//' $$test.out >$(RESULTS)/$$(basename $$test).tap; \
	done; exit $$failed

CHECK_TARGETS += check-userspace
