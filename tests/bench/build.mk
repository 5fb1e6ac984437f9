# SPDX-License-Identifier: GPL-2.0-only
# make bench: what Cordon costs. See README.md in this folder.
BENCH_TARGETS += bench-run bench-seal

BENCH_SOURCES := $(addprefix tests/bench/,bench.c file.c net.c process.c)

# Static: the dynamic loader would add its own system calls to every exec.
$(B)/bench/bench: $(BENCH_SOURCES) tests/bench/bench.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -static -o $@ $(BENCH_SOURCES)

$(B)/bench/report: tests/bench/report.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -o $@ $<

.PHONY: bench-run
bench-run: $(B)/bench/bench $(B)/bench/report $(B)/kmod/cordon.ko $(VM_SMALL) \
		$(B)/userspace/cordond $(B)/userspace/cordon
	tests/bench/run $(B)/bench/bench $(B)/bench/report

# What the ledger costs: the records are those of its test.
$(B)/bench/seal: tests/bench/seal.c $(B)/tests/kselftest/ledger_probe.skel.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -I$(B)/tests/kselftest -pthread -o $@ $< -lbpf

.PHONY: bench-seal
bench-seal: $(B)/bench/seal $(B)/kmod/cordon.ko $(VM_SMALL)
	tests/bench/seal $(B)/bench/seal
