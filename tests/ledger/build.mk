# SPDX-License-Identifier: GPL-2.0-only
# Tests of the ledger's verifier and of the store under load: natively, under the sanitizers, on
# ledgers that model.c makes with the module's own functions.

LT        := $(B)/tests/ledger
LT_TESTS  := verify lanes store kill
LT_CFLAGS  = $(USERSPACE_CFLAGS) $(USERSPACE_TEST_FLAGS) -Itests/ledger
LT_LEDGER := $(patsubst $(OBJECTS)/%,$(CHECKED)/%,$(CORDON_LEDGER_OBJECTS))

$(LT)/%.o: tests/ledger/%.c $(wildcard tests/ledger/*.h) $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LT_CFLAGS) -c -o $@ $<

$(LT_TESTS:%=$(LT)/%_test): $(LT)/%_test: $(LT)/%_test.o $(LT)/model.o $(LT)/keeper.o \
		$(LT)/agree.o $(LT_LEDGER) $(CHECKED)/cordond/ring.o $(CHECKED_OBJECTS) $(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(USERSPACE_TEST_FLAGS) -o $@ $^ -lcmocka -lbpf -lsqlite3 -ljson-c -lsodium -lb2

$(LT)/make_store: $(LT)/make_store.o $(LT)/model.o $(LT_LEDGER) $(CHECKED_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(USERSPACE_TEST_FLAGS) -o $@ $^ -lsqlite3 -ljson-c -lsodium -lb2

$(LT)/attack: $(LT)/attack.o $(LT)/attacks.o $(LT)/agree.o $(LT_LEDGER) $(CHECKED_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(USERSPACE_TEST_FLAGS) -o $@ $^ -lsqlite3 -ljson-c -lsodium -lb2

.PHONY: check-ledger
check-ledger: $(LT_TESTS:%=$(LT)/%_test) check-ledger-attacks
	@mkdir -p $(RESULTS)
	@failed=0; for test in $(LT_TESTS:%=$(LT)/%_test); do \
		CMOCKA_MESSAGE_OUTPUT=TAP $$test >$$test.out 2>&1 || failed=1; \
		sed 's/^[[:space:]]*//' $$test.out >$(RESULTS)/ledger-$$(basename $$test).tap; \
	done; exit $$failed

# Every attack on a store of the model's; its table is in $(LT)/attacks.md.
.PHONY: check-ledger-attacks
check-ledger-attacks: $(LT)/attack $(LT)/make_store $(B)/userspace/cordon
	@mkdir -p $(RESULTS)
	rm -rf $(LT)/model
	$(LT)/make_store $(LT)/model 1500
	$(LT)/make_store $(LT)/model/volumes 600 volumes
	$(LT)/attack $(B)/userspace/cordon $(LT)/model/auditor.key $(LT)/model/anchors \
		$(LT)/model/store $(LT)/model/work --older $(LT)/model/older --log $(LT)/model/log \
		--stolen $(LT)/model/stolen >$(RESULTS)/ledger-attacks.tap 2>$(LT)/attacks.md
	$(LT)/attack $(B)/userspace/cordon $(LT)/model/volumes/auditor.key \
		$(LT)/model/volumes/anchors $(LT)/model/volumes/retained $(LT)/model/volumes/work \
		--retained $(LT)/model/volumes/retained \
		--retained-anchors $(LT)/model/volumes/anchors \
		>$(RESULTS)/ledger-retained.tap 2>>$(LT)/attacks.md

CHECK_TARGETS += check-ledger

# The real ledger: four boots of a small guest, then the attacks on what they left.
$(LT)/flood: tests/ledger/flood.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -o $@ $<

# Records made while the controller is dead, 500 a second: 30000 is a minute.
LEDGER_OUTAGE ?= 2000
.PHONY: check-ledger-guest
check-ledger-guest: $(LT)/flood $(LT)/attack $(LT)/theft $(B)/kmod/cordon.ko $(B)/userspace/cordon \
		$(B)/userspace/cordond $(VM_SMALL)
	@mkdir -p $(RESULTS)
	tests/ledger/guests $(LT)/guest $(RESULTS) $(LEDGER_OUTAGE)

CHECK_TARGETS += check-ledger-guest


# Without the sanitizers: figures.
LT_PLAIN := $(addprefix $(LT)/plain/,bench.o model.o keeper.o)
$(LT)/plain/%.o: tests/ledger/%.c $(wildcard tests/ledger/*.h) $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(USERSPACE_CFLAGS) -Iuserspace/cordond -Itests/ledger -c -o $@ $<

$(LT)/bench: $(LT_PLAIN) $(OBJECTS)/cordond/ring.o $(CORDON_LEDGER_OBJECTS) $(CORDON_LIB_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORDON_LIBS)

# It looks through all of a guest's memory.
$(LT)/theft: $(LT)/plain/theft.o $(CORDON_LEDGER_OBJECTS) $(CORDON_LIB_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORDON_LIBS)

STORE_RECORDS ?= 200000
.PHONY: bench-store
bench-store: $(LT)/bench ## Records a second stored and verified, natively (STORE_RECORDS)
	$(LT)/bench $(LT)/bench-store $(STORE_RECORDS)

BENCH_TARGETS += bench-store
