# SPDX-License-Identifier: GPL-2.0-only
# make demo: the replay of an intrusion in the full guest, without and with Cordon. See README.md.
DEMO         := $(B)/demo
DEMO_CFLAGS   = $(CFLAGS) -D_GNU_SOURCE -Itests/demo
DEMO_SCANNER := $(addprefix tests/demo/,needle.c haystack.c blob.c capture.c stream.c)
DEMO_HEADERS := $(wildcard tests/demo/*.h)
DEMO_TARGETS += demo-run
CHECK_TARGETS += check-demo

# In the guest there is nothing to link with: the demo's own programs are static.
$(DEMO)/sink: tests/demo/sink.c
	@mkdir -p $(@D)
	$(CC) $(DEMO_CFLAGS) -static -o $@ $<

$(DEMO)/scan: tests/demo/scan.c $(DEMO_SCANNER) $(DEMO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DEMO_CFLAGS) -static -o $@ $(filter %.c,$^) -lz

$(DEMO)/scan_test: tests/demo/scan_test.c $(DEMO_SCANNER) $(DEMO_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DEMO_CFLAGS) -fsanitize=address,undefined -o $@ $(filter %.c,$^) -lcmocka -lz

$(DEMO)/story_test: $(addprefix tests/demo/,story_test.c story.c record.c story.h)
	@mkdir -p $(@D)
	$(CC) $(DEMO_CFLAGS) -fsanitize=address,undefined -o $@ $(filter %.c,$^) -lcmocka -ljson-c

$(DEMO)/report: $(addprefix tests/demo/,report.c story.c record.c story.h)
	@mkdir -p $(@D)
	$(CC) $(DEMO_CFLAGS) -o $@ $(filter %.c,$^) -ljson-c

.PHONY: demo-run check-demo
check-demo: $(DEMO)/scan_test $(DEMO)/story_test
	@mkdir -p $(RESULTS)
	CMOCKA_MESSAGE_OUTPUT=tap $(DEMO)/scan_test >$(RESULTS)/demo-scan.tap
	CMOCKA_MESSAGE_OUTPUT=tap $(DEMO)/story_test >$(RESULTS)/demo-story.tap

demo-run: all check-demo $(DEMO)/sink $(DEMO)/scan $(DEMO)/report $(VM_FULL)
	@tests/demo/run $(DEMO)
