# SPDX-License-Identifier: GPL-2.0-only
# Random programs against the guard, in a small guest: see README.md in this folder.
# make soak SOAK_SECONDS=28800; SEED=N for programs that were seen before; PLAY=DIR for one's own.

FLOW          := $(B)/tests/flow
FLOW_CALLS    := $(wildcard tests/flow/call_*.c)
FLOW_SUBJECT  := $(patsubst tests/flow/%.c,$(FLOW)/%.o,$(FLOW_CALLS)) \
		 $(addprefix $(FLOW)/,subject.o tables.o text.o)
FLOW_MAIN     := $(addprefix $(FLOW)/,main.o play.o arena.o judge.o oracle.o make.o limits.o tables.o text.o)
FLOW_KT       := $(addprefix $(KT)/,sink.o sink_client.o netlink.o guard.o control.o world.o results.o records.o)
FLOW_CFLAGS    = $(KT_CFLAGS) -Itests/flow
export PLAY
FLOW_SECONDS  ?= 60
SOAK_SECONDS  ?= 7200

CHECK_TARGETS += check-flow

$(FLOW)/%.o: tests/flow/%.c $(wildcard tests/flow/*.h tests/kselftest/*.h) | $(KT_HARNESS)
	@mkdir -p $(@D)
	$(CC) $(FLOW_CFLAGS) -c -o $@ $<

# Static: it is installed in several places of a guest that has few libraries.
$(FLOW)/subject: $(FLOW_SUBJECT)
	$(CC) $(CFLAGS) -static -o $@ $^

$(FLOW)/flow: $(FLOW_MAIN) $(FLOW_KT)
	$(CC) $(CFLAGS) -o $@ $^ -ljson-c -lutil

.PHONY: check-flow soak
check-flow: $(KT_GUARD) $(FLOW)/flow $(FLOW)/subject $(VM_SMALL)
	@mkdir -p $(RESULTS)
	FLOW='$(FLOW)' tests/flow/boot $(RESULTS) $(FLOW_SECONDS) $(SEED)

soak: $(KT_GUARD) $(FLOW)/flow $(FLOW)/subject $(VM_SMALL) ## Random programs for hours (SOAK_SECONDS)
	@mkdir -p $(RESULTS)
	FLOW='$(FLOW)' tests/flow/boot $(RESULTS) $(SOAK_SECONDS) $(SEED)
