# SPDX-License-Identifier: GPL-2.0-only
# Test guests: see README.md in this folder. A test that boots one depends on $(VM_SMALL) or
# $(VM_FULL) and calls tests/vm/run-small or tests/vm/run-full.

VM_KERNEL := $(B)/kernel/$(KREL)/guest.done
VM_SMALL  := $(B)/vm/base.cpio $(VM_KERNEL)
VM_IMAGE  := $(B)/vm/full.done
VM_FULL   := $(VM_SMALL) $(VM_IMAGE)
# The newest kernel of Debian sid. After it, $(KREL_NEXT) is its release, $(KDIR_NEXT) its headers;
# both are empty where it cannot be had, and $(B)/kernel/next.reason says why, for a skip.
VM_NEXT   := $(B)/kernel/next.done
CHECK_TARGETS += check-vm

$(B)/vm/init: tests/vm/init.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -static -o $@ $<

$(B)/vm/base.cpio: $(B)/vm/init tests/vm/make-base
	tests/vm/make-base $< $@

$(VM_IMAGE): tests/vm/make-image tests/vm/image.packages $(wildcard tests/vm/*.service) $(VM_KERNEL)
	tests/vm/make-image
	@touch $@

.PHONY: check-vm vm-small vm-full
vm-small: $(VM_SMALL)
vm-full: $(VM_FULL)

check-vm: $(VM_SMALL)
	@mkdir -p $(RESULTS)
	tests/vm/selftest $(RESULTS)/vm.tap

vm: all $(VM_FULL)
	tests/vm/shell
