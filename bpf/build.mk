# SPDX-License-Identifier: GPL-2.0-only
# bpf/cordon.bpf.c includes the enforcement points: one object, one skeleton.
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
	-D__TARGET_ARCH_x86 -I$(B) -Iinclude -Ibpf

$(B)/bpf/cordon.bpf.o: bpf/cordon.bpf.c $(B)/vmlinux.h $(wildcard bpf/*.bpf.[ch] include/cordon/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/bpf/cordon.skel.h: $(B)/bpf/cordon.bpf.o
	$(BPFTOOL) gen skeleton $< name cordon_bpf > $@.tmp
	mv $@.tmp $@

ALL_TARGETS += $(B)/bpf/cordon.skel.h
