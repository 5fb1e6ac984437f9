# SPDX-License-Identifier: GPL-2.0-only
# The coverage table: docs/coverage.md is made from the guests' results. See README.md in this folder.

COVERAGE       := $(B)/tests/coverage/coverage
COVERAGE_SOURCES := $(wildcard tests/coverage/*.c)
COVERAGE_FILES := tests/coverage/entries.tab docs/known-limits.md docs/coverage.md

$(COVERAGE): $(COVERAGE_SOURCES) tests/coverage/coverage.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $(COVERAGE_SOURCES)

# Last of all: it reads what the others left.
CHECK_TARGETS += check-coverage

.PHONY: coverage check-coverage
coverage: $(COVERAGE) ## Make docs/coverage.md of the results of the last check
	$(COVERAGE) page $(COVERAGE_FILES) $(wildcard $(RESULTS)/*.tap)

check-coverage: $(COVERAGE)
	@mkdir -p $(RESULTS)
	$(COVERAGE) check $(COVERAGE_FILES) $(RESULTS)/*.tap >$(RESULTS)/coverage.new; \
	result=$$?; mv $(RESULTS)/coverage.new $(RESULTS)/coverage.tap; exit $$result
