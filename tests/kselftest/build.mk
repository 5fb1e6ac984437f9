# SPDX-License-Identifier: GPL-2.0-only
# Tests of enforcement, in a small guest: see README.md in this folder. Every *_test.c is a suite.
# Those of $(KT_BARE) run on the kernel alone, before the guard is loaded, $(KT_LATE) after all others.

KT         := $(B)/tests/kselftest
KT_BARE    := module_test module_fault_test ledger_test
KT_LATE    := controller_test seal_test
KT_ACTOR   := $(patsubst tests/kselftest/%.c,$(KT)/%.o,$(wildcard tests/kselftest/actor*.c)) \
	      $(KT)/hash.o $(KT)/netlink.o $(KT)/world.o
KT_ACTOR   := $(filter-out $(KT)/actor_call.o,$(KT_ACTOR))
KT_LIBRARY := $(addprefix $(KT)/,actor_call.o attack.o control.o guard.o hash.o place.o records.o \
		sink_client.o sink.o netlink.o world.o)
KT_RUN     := $(addprefix $(KT)/,build_world.o results.o)
KT_TESTS   := $(patsubst tests/kselftest/%.c,$(KT)/%,$(wildcard tests/kselftest/*_test.c))
KT_HARNESS := $(B)/include/kselftest/kselftest_harness.h
KT_CFLAGS   = $(CFLAGS) -D_GNU_SOURCE -Itests/kselftest -isystem $(B)/include/kselftest

CHECK_TARGETS += check-kselftest
GUEST_TESTS   += $(KT_TESTS)

$(KT)/%.o: tests/kselftest/%.c $(wildcard tests/kselftest/*.h include/cordon/*.h) | $(KT_HARNESS)
	@mkdir -p $(@D)
	$(CC) $(KT_CFLAGS) -c -o $@ $<

# Static, so that it runs in every root directory an attack makes.
$(KT)/actor: $(KT_ACTOR)
	$(CC) $(CFLAGS) -static -pthread -o $@ $^

$(KT)/run $(KT)/refusal $(KT)/survive: $(KT)/%: $(KT)/%.o $(KT_RUN) $(KT_LIBRARY)
	$(CC) $(CFLAGS) -o $@ $^ -ljson-c

# Records for the ledger, without a guard.
$(KT)/%.bpf.o: tests/kselftest/%.bpf.c $(B)/vmlinux.h $(wildcard bpf/*.bpf.h include/cordon/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(KT)/%.skel.h: $(KT)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $* > $@.tmp
	mv $@.tmp $@

$(KT)/ledger_test.o: $(KT)/ledger_probe.skel.h
$(KT)/ledger_test.o: KT_CFLAGS += -I$(KT) -Iuserspace/lib
$(KT)/ledger_test: LDLIBS += -lb2

$(KT)/%_test: $(KT)/%_test.o $(KT_LIBRARY)
	$(CC) $(CFLAGS) -pthread -o $@ $^ -ljson-c -lbpf $(LDLIBS)

KT_STAGE = $(KT)/run:/tests/run $(KT)/refusal:/tests/refusal $(KT)/survive:/tests/survive $(KT)/actor:/tests/actor \
	   $(foreach t,$(filter-out $(KT_BARE) $(KT_LATE),$(notdir $(KT_TESTS))),$(KT)/$(t):/tests/$(t)) \
	   $(foreach t,$(KT_BARE),$(KT)/$(t):/tests/bare/$(t)) \
	   $(foreach t,$(KT_LATE),$(KT)/$(t):/tests/late/$(t)) \
	   tests/kselftest/policies:/tests/policies \
	   $(B)/userspace/cordon:/usr/bin/cordon $(B)/userspace/cordond:/usr/sbin/cordond

.PHONY: check-kselftest
KT_GUARD := $(B)/kmod/cordon.ko $(B)/userspace/cordon $(B)/userspace/cordond

check-kselftest: $(KT_GUARD) $(if $(KREL_NEXT),$(B)/kmod-next/cordon.ko) $(KT_TESTS) $(KT)/run $(KT)/refusal $(KT)/survive $(KT)/actor $(VM_SMALL)
	@mkdir -p $(RESULTS)
	r=0; KT='$(KT)' tests/kselftest/boot $(RESULTS) $(KT_STAGE) || r=1; \
	KT='$(KT)' tests/kselftest/survive-boot $(RESULTS) $(KT_STAGE) || r=1; exit $$r

# All of it again on the kernel of `make debug-kernel`, and what only such a kernel can show.
.PHONY: check-debug check-kselftest-debug
check-debug: ## Run the guest tests on the kernel that looks for defects (an hour)
	+@[ -n '$(KREL_DEBUG)' ] || $(MAKE) debug-kernel
	+@MAKE='$(MAKE)' scripts/check $(B)/results-debug check-kselftest-debug

check-kselftest-debug: $(KT_GUARD) $(B)/kmod-debug/cordon.ko $(KT_TESTS) $(KT)/run $(KT)/refusal $(KT)/survive $(KT)/actor $(VM_SMALL)
	DEBUG=1 KT='$(KT)' tests/kselftest/boot $(B)/results-debug $(KT_STAGE)

# What check plays for seconds. The module, a thousand times in and out: some minutes. The races,
# 100,000 rounds together: hours. KREL= names the kernel.
.PHONY: soak soak-races soak-loads
soak: soak-loads soak-races
soak-loads: $(KT_GUARD) $(KT_TESTS) $(KT)/run $(KT)/actor $(VM_SMALL)
	@mkdir -p $(B)/soak-loads
	rm -f $(KT)/soak.img; truncate -s 64M $(KT)/soak.img; mke2fs -q -t ext4 $(KT)/soak.img
	tests/vm/run-small --timeout 7200 --out $(B)/soak-loads --drive $(KT)/soak.img \
		--module veth --module overlay $(B)/kmod/cordon.ko:/cordon.ko $(KT_STAGE) \
		-- /tests/run --without-guard --soak module_test
soak-races: $(KT_GUARD) $(KT_TESTS) $(KT)/run $(KT)/actor $(VM_SMALL)
	@mkdir -p $(B)/soak
	rm -f $(KT)/soak.img; truncate -s 64M $(KT)/soak.img; mke2fs -q -t ext4 $(KT)/soak.img
	tests/vm/run-small --timeout 43200 --mem 3G --out $(B)/soak --drive $(KT)/soak.img \
		--module veth --module overlay $(B)/kmod/cordon.ko:/cordon.ko $(KT_STAGE) \
		-- /tests/run --soak race_test
