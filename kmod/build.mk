# SPDX-License-Identifier: GPL-2.0-only
# cordon.ko. kbuild writes beside the sources, so it gets a copy of them under $(B).
# KDIR= names the headers of another kernel; $(B)/kmod-next is for the newest one that was fetched.

KMOD_SOURCES := kmod/Kbuild $(wildcard kmod/*.c kmod/*.h)
KMOD_MAKE = $(MAKE) -C $(KMOD_KDIR) M=$(abspath $(@D)) CORDON_INCLUDE=$(abspath include) \
	    W=1e

ALL_TARGETS     += $(B)/kmod/cordon.ko $(if $(KREL_NEXT),$(B)/kmod-next/cordon.ko)
CHECK_TARGETS   += check-kmod
INSTALL_TARGETS += install-kmod

$(B)/kmod/%: KMOD_KDIR = $(abspath $(KDIR))
$(B)/kmod-next/%: KMOD_KDIR = $(abspath $(KDIR_NEXT))

# The kernel's own compiler builds it, so `make CC=clang` is not handed on to kbuild.
$(B)/kmod/% $(B)/kmod-next/%: MAKEOVERRIDES =

# Another kernel means another module.
.PHONY: kmod-kernel
$(B)/kmod/kernel $(B)/kmod-next/kernel: kmod-kernel
	@mkdir -p $(@D)
	@echo '$(KMOD_KDIR)' | cmp -s - $@ || echo '$(KMOD_KDIR)' >$@

$(B)/kmod/cordon.ko $(B)/kmod-next/cordon.ko: $(B)/%/cordon.ko: $(B)/%/kernel
$(B)/kmod/cordon.ko $(B)/kmod-next/cordon.ko: $(KMOD_SOURCES) kmod/build.mk \
		$(wildcard include/cordon/*.h)
	@cp -p $(KMOD_SOURCES) $(@D)
	+$(KMOD_MAKE) modules

# The checker that knows the kernel's address spaces and lock contexts.
.PHONY: check-kmod install-kmod
check-kmod: $(B)/kmod/cordon.ko
	@mkdir -p $(RESULTS)
	+@r=ok; d=$(B)/kmod; \
	$(MAKE) -C $(KDIR) M=$(abspath $(B)/kmod) CORDON_INCLUDE=$(abspath include) \
		W=1e C=2 CF=-D__CHECK_ENDIAN__ modules >$$d/sparse.log 2>&1 || r='not ok'; \
	! grep -E '\.[ch]:[0-9]+:[0-9]+: (warning|error):' $$d/sparse.log || r='not ok'; \
	printf 'TAP version 13\n1..1\n%s 1 - sparse finds nothing in the module\n' "$$r" \
		>$(RESULTS)/kmod.tap; [ "$$r" = ok ] || { cat $$d/sparse.log; exit 1; }

install-kmod: $(B)/kmod/cordon.ko
	install -D -m 644 $< $(DESTDIR)/lib/modules/$(KREL)/updates/cordon.ko
	$(if $(DESTDIR),,depmod $(KREL))
