# SPDX-License-Identifier: GPL-2.0-only
# The user's targets. Each folder adds its own in its build.mk; `make help` lists them all.

B       := build
SHELL   := /bin/sh
PATH    := $(PATH):/usr/sbin:/sbin
.DEFAULT_GOAL := all
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

export B PATH

# What a person asks for by name needs the packages first. Those packages decide the variables
# below (which headers, which compiler), so the real work happens in a second make.
STAGED := all check check-debug demo bench vm install next-kernel debug-kernel fuzz
GOALS  := $(or $(MAKECMDGOALS),all)

ifneq ($(and $(filter $(STAGED),$(GOALS)),$(if $(DEPS_DONE),,yes)),)

.PHONY: stage $(GOALS)
$(GOALS): stage
	@:
stage:
	@scripts/deps
	@# The tests run on the newest kernel too, where it can be had; which one decides variables.
	+@$(if $(filter check,$(GOALS)),$(MAKE) DEPS_DONE=1 next-kernel)
	+@$(MAKE) DEPS_DONE=1 $(GOALS)

else

# The newest installed 6.12 headers say which kernel Cordon is built and tested for.
KREL    ?= $(shell ls -d /usr/src/linux-headers-6.12*-cloud-amd64 2>/dev/null | \
	     sed 's,.*/linux-headers-,,' | sort -V | tail -n 1)
KDIR    ?= /usr/src/linux-headers-$(KREL)
VMLINUX_BTF ?= $(KDIR)/vmlinux
# The newest kernel that was fetched besides (see next-kernel); empty when there is none.
KREL_NEXT = $(shell cat $(B)/kernel/next.release 2>/dev/null)
KDIR_NEXT = $(if $(KREL_NEXT),$(B)/kernel/$(KREL_NEXT)/usr/src/linux-headers-$(KREL_NEXT))
# The kernel that looks for defects, where it was built (see debug-kernel).
KREL_DEBUG = $(shell cat $(B)/kernel/debug.release 2>/dev/null)
KDIR_DEBUG = $(B)/kernel/debug-source

CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
# Without the `true`, make takes the last one's absence for a failure of the shell.
CLANG   ?= $(firstword $(notdir $(shell for v in 19 23 22 21 20 18 17; do \
	     command -v clang-$$v; done; true)) clang)
CLANG   := $(CLANG)
LLVM_STRIP   ?= $(subst clang,llvm-strip,$(CLANG))
CLANG_FORMAT ?= $(subst clang,clang-format,$(CLANG))
BPFTOOL ?= bpftool
CFLAGS  ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Werror -Iinclude
# The running kernel is never asked: what is built runs in guests.
export KREL KDIR KREL_NEXT KREL_DEBUG

RESULTS := $(B)/results

# What the folders add to.
ALL_TARGETS     :=
CHECK_TARGETS   :=
DEMO_TARGETS    :=
BENCH_TARGETS   :=
GUEST_TESTS     :=
INSTALL_TARGETS :=

.PHONY: all deps check demo bench vm install clean help format lint next-kernel debug-kernel

all: ## Build the BPF programs, the kernel module and the userspace programs

include tests/vm/build.mk
-include bpf/build.mk kmod/build.mk userspace/build.mk
-include tests/unit/build.mk tests/kselftest/build.mk tests/fuzz/build.mk
-include tests/flow/build.mk tests/transparency/build.mk
-include tests/demo/build.mk tests/bench/build.mk tests/ledger/build.mk
include tests/coverage/build.mk

all: $(ALL_TARGETS)

deps: ## Install what building and testing needs (Debian 12 and 13)
	@scripts/deps

check: ## Run every test; the last line is the tally
	+@MAKE='$(MAKE)' scripts/check $(RESULTS) $(CHECK_TARGETS)

demo: $(DEMO_TARGETS) ## Try to leak a secret, with and without Cordon, in a guest

bench: $(BENCH_TARGETS) ## Measure what Cordon costs, in instructions, in a guest

vm: ## A root shell in a Debian guest with Cordon in permissive mode

install: $(INSTALL_TARGETS) ## Install the programs, the module and the manual pages (DESTDIR)

next-kernel: $(B)/kernel/next.done ## Fetch the newest kernel of Debian sid, for guests only

$(B)/kernel/next.done: scripts/fetch-next-kernel
	@scripts/fetch-next-kernel
	@# What could not be had today is tried again next time.
	@[ ! -e $(B)/kernel/next.release ] || touch $@

debug-kernel: ## Build a kernel with KASAN, lockdep and fault injection, for guests only (20 minutes)
	scripts/debug-kernel

clean: ## Remove what was built, keep what was downloaded
	rm -rf $(filter-out $(B)/kernel $(B)/apt $(B)/vm,$(wildcard $(B)/*))
	rm -rf $(filter-out $(wildcard $(B)/vm/*.img),$(wildcard $(B)/vm/*))

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

C_FILES  = $(shell git ls-files -co --exclude-standard '*.c' '*.h')
SH_FILES = $(shell git ls-files -co --exclude-standard | xargs grep -lE '^\#!/bin/(ba)?sh')

format: ## Rewrite the C files in the project's format
	$(CLANG_FORMAT) -i $(C_FILES)

lint: ## Check format, licences and shell scripts
	scripts/lint $(CLANG_FORMAT) $(SH_FILES) $(C_FILES)

# Sources that are made, shared by several folders.
$(B)/vmlinux.h: $(VMLINUX_BTF)
	@mkdir -p $(@D)
	$(BPFTOOL) btf dump file $< format c > $@

# The kernel's own test harness; it is taken out of Debian's kernel source, not kept here.
KSELFTEST_TAR := /usr/src/linux-source-6.12.tar.xz
$(B)/include/kselftest/kselftest_harness.h: | $(KSELFTEST_TAR)
	@mkdir -p $(@D)
	tar -xf $(KSELFTEST_TAR) -C $(@D) --strip-components=4 --occurrence=1 \
		linux-source-6.12/tools/testing/selftests/kselftest.h \
		linux-source-6.12/tools/testing/selftests/kselftest_harness.h
	@touch $@

$(B)/kernel/%/guest.done:
	@scripts/fetch-kernel $*

endif
