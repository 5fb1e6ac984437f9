# SPDX-License-Identifier: GPL-2.0-only
# cordon.ko. kbuild writes beside the sources, so it gets a copy of them under $(B).
# KDIR= names the headers of another kernel; $(B)/kmod-next is for the newest one that was fetched,
# $(B)/kmod-debug for the one that `make debug-kernel` built.

KMOD_SOURCES := kmod/Kbuild $(wildcard kmod/*.c kmod/*.h)
KMOD_MAKE = $(MAKE) -C $(KMOD_KDIR) M=$(abspath $(@D)) CORDON_INCLUDE=$(abspath include) \
	    W=1e

ALL_TARGETS     += $(B)/kmod/cordon.ko $(if $(KREL_NEXT),$(B)/kmod-next/cordon.ko) \
		   $(if $(KREL_DEBUG),$(B)/kmod-debug/cordon.ko)
CHECK_TARGETS   += check-kmod
INSTALL_TARGETS += install-kmod

$(B)/kmod/%: KMOD_KDIR = $(abspath $(KDIR))
$(B)/kmod-next/%: KMOD_KDIR = $(abspath $(KDIR_NEXT))
$(B)/kmod-debug/%: KMOD_KDIR = $(abspath $(KDIR_DEBUG))

# The kernel's own compiler builds it, so `make CC=clang` is not handed on to kbuild.
$(B)/kmod/% $(B)/kmod-next/% $(B)/kmod-debug/%: MAKEOVERRIDES =

# Another kernel means another module.
.PHONY: kmod-kernel
KMOD_ALL := $(B)/kmod $(B)/kmod-next $(B)/kmod-debug
$(KMOD_ALL:=/kernel): kmod-kernel
	@mkdir -p $(@D)
	@echo '$(KMOD_KDIR)' | cmp -s - $@ || echo '$(KMOD_KDIR)' >$@

$(KMOD_ALL:=/cordon.ko): $(B)/%/cordon.ko: $(B)/%/kernel
$(KMOD_ALL:=/cordon.ko): $(KMOD_SOURCES) kmod/build.mk \
		$(wildcard include/cordon/*.h)
	@cp -p $(KMOD_SOURCES) $(@D)
	+$(KMOD_MAKE) modules

# sparse knows the kernel's address spaces and lock contexts, cppcheck the paths through a function.
# (It takes what a list macro sets for not initialised; gcc looks after that.)
.PHONY: check-kmod install-kmod
KMOD_CPPCHECK := cppcheck -q --std=c11 --enable=warning,performance --suppress=uninitvar --error-exitcode=1 \
		 -D__KERNEL__ -DCONFIG_DYNAMIC_FTRACE '-DBTF_KFUNCS_START(x)=' \
		 '-DBTF_KFUNCS_END(x)=' '-DBTF_ID_FLAGS(...)='
check-kmod: $(B)/kmod/cordon.ko
	@mkdir -p $(RESULTS)
	+@s=ok; c=ok; l=ok; d=$(B)/kmod; \
	$(MAKE) -C $(KDIR) M=$(abspath $(B)/kmod) CORDON_INCLUDE=$(abspath include) \
		W=1e C=2 CF=-D__CHECK_ENDIAN__ modules >$$d/sparse.log 2>&1 || s='not ok'; \
	! grep -E '\.[ch]:[0-9]+:[0-9]+: (warning|error):' $$d/sparse.log || s='not ok'; \
	$(KMOD_CPPCHECK) kmod/*.c >$$d/cppcheck.log 2>&1 || c='not ok'; \
	scripts/kmod-lines docs/architecture.md || l='not ok'; \
	printf 'TAP version 13\n1..3\n%s 1 - sparse finds nothing in the module\n%s 2 - cppcheck neither\n%s 3 - its files are as docs/architecture.md says\n' \
		"$$s" "$$c" "$$l" >$(RESULTS)/kmod.tap; \
	[ "$$s$$c$$l" = okokok ] || { cat $$d/sparse.log $$d/cppcheck.log; exit 1; }

install-kmod: $(B)/kmod/cordon.ko
	install -D -m 644 $< $(DESTDIR)/lib/modules/$(KREL)/updates/cordon.ko
	$(if $(DESTDIR),,depmod $(KREL))
