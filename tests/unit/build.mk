# SPDX-License-Identifier: GPL-2.0-only
# Suites `unit` (functions, under the sanitizers) and `policies` (the verbs check and explain on
# policies that are right, wrong in every way, and the example).

-include userspace/policy/build.mk

UNIT := $(B)/tests/unit
UNIT_CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DCORDON_AUTOMATON_STATES_MAX=262144 \
	-DCORDON_POLICY_RULES_MAX=20000u -Iuserspace/cordon $(CORDON_POLICY_INCLUDES)
CHECK_TARGETS += check-unit check-policies

# The library again, under the sanitizers, with limits that are reached sooner; and the table of names.
UNIT_LIBRARY := $(patsubst $(B)/userspace/%,$(UNIT)/sanitized/%,$(CORDON_POLICY_OBJECTS)) \
	$(UNIT)/sanitized/lib/names.o
UNIT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(filter-out tests/unit/tool.c tests/unit/policies.c, \
	$(wildcard tests/unit/*.c)))
UNIT_HEADERS := $(CORDON_POLICY_HEADERS) $(wildcard tests/unit/*.h userspace/cordon/*.h)

$(UNIT)/sanitized/policy/%.o: $(B)/userspace/policy/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -c -o $@ $<

$(UNIT)/sanitized/%.o: userspace/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -c -o $@ $<

$(UNIT)/%.o: tests/unit/%.c $(UNIT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -c -o $@ $<

$(UNIT)/unit: $(UNIT_OBJECTS) $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -o $@ $^ -lcmocka -lsodium

$(UNIT)/tool: $(UNIT)/tool.o $(UNIT)/sanitized/cordon/cmd_check.o \
		$(UNIT)/sanitized/cordon/cmd_explain.o $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -o $@ $^ -ljson-c -lsodium

$(UNIT)/policies: tests/unit/policies.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(UNIT_CFLAGS) -o $@ $<

# cmocka indents its lines in some versions; TAP is not indented.
.PHONY: check-unit check-policies
check-unit: $(UNIT)/unit
	@mkdir -p $(RESULTS)
	@rm -f $(RESULTS)/unit.tap
	CMOCKA_MESSAGE_OUTPUT=TAP $(UNIT)/unit >$(UNIT)/unit.out 2>&1; code=$$?; \
		sed 's/^[[:space:]]*//' $(UNIT)/unit.out >$(RESULTS)/unit.tap; exit $$code

check-policies: $(UNIT)/policies $(UNIT)/tool
	@mkdir -p $(RESULTS)
	$(UNIT)/policies $(UNIT)/tool tests/policies examples/policy.d $(UNIT)/copies \
		>$(RESULTS)/policies.tap
