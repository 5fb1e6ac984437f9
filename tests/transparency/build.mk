# SPDX-License-Identifier: GPL-2.0-only
# Nothing honest breaks: the kernel's own tests and real programs, without and with Cordon, in one
# guest. See README.md in this folder.

TR         := $(B)/transparency
TR_IMAGE   := $(B)/vm/transparency.done
TR_TAR     := /usr/src/linux-source-6.12.tar.xz
TR_SOURCE  := $(TR)/linux-source-6.12
TR_SUITES  := landlock pidfd mount_setattr splice seccomp net/af_unix
TR_GUEST   := $(wildcard tests/transparency/guest/*.sh)

$(TR_IMAGE): tests/vm/make-image tests/vm/image.packages tests/transparency/image.packages \
		tests/transparency/image.setup $(wildcard tests/vm/*.service) $(VM_KERNEL)
	tests/vm/make-image transparency tests/transparency
	@touch $@

$(TR)/compare: tests/transparency/compare.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

# Taken out of Debian's kernel source: those suites, and what makes the headers that they need.
$(TR)/source.done: $(TR_TAR) tests/transparency/selftests.files
	@mkdir -p $(@D)
	tar -xf $< -C $(@D) $$(grep -v '^#' tests/transparency/selftests.files)
	env -u CFLAGS -u MAKEFLAGS make -C $(TR_SOURCE) ARCH=x86 headers >$(TR)/headers.log
	@touch $@

$(TR)/selftests.done: $(TR)/source.done
	@set -e; for suite in $(TR_SUITES); do \
		mkdir -p $(TR)/selftests/$$suite; \
		env -u CFLAGS -u MAKEFLAGS make -k -C $(TR_SOURCE)/tools/testing/selftests/$$suite \
			ARCH=x86 \
			OUTPUT=$(abspath $(TR)/selftests)/$$suite \
			top_srcdir=$(abspath $(TR_SOURCE)) >$(TR)/$$(basename $$suite).log 2>&1 || \
			{ cat $(TR)/$$(basename $$suite).log; exit 1; }; \
	done
	@cp $(TR_SOURCE)/tools/testing/selftests/splice/*.sh $(TR)/selftests/splice
	@touch $@

TR_NEEDS := $(KT_GUARD) $(TR)/compare $(TR)/selftests.done $(VM_SMALL) $(TR_GUEST)

.PHONY: check-transparency check-transparency-short check-transparency-red
check-transparency: $(TR_NEEDS) $(TR_IMAGE) ## The kernel's own tests and real programs, without and with Cordon
	@mkdir -p $(RESULTS)
	tests/transparency/compare-test $(TR)/compare
	TR='$(TR)' tests/transparency/boot transparency $(RESULTS) selftests apps labels

# A few minutes of it.
check-transparency-short: $(TR_NEEDS) $(VM_IMAGE)
	@mkdir -p $(RESULTS)
	tests/transparency/compare-test $(TR)/compare
	TR='$(TR)' tests/transparency/boot full $(RESULTS) short labels

# The control: under a policy that breaks something the short form must be red.
check-transparency-red: $(TR_NEEDS) $(VM_IMAGE)
	@mkdir -p $(TR)/red
	! TR='$(TR)' POLICY=tests/transparency/broken.cordon \
		tests/transparency/boot full $(TR)/red short
	grep '^not ok 1 - Cordon changes nothing' $(TR)/red/transparency.tap
