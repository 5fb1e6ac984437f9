# SPDX-License-Identifier: GPL-2.0-only
# cordon (the command line), cordond (the controller), their manual pages and what installs them.

include userspace/policy/build.mk

CORDON_VERSION ?= 0.1
USERSPACE_CFLAGS := -D_GNU_SOURCE -DCORDON_VERSION='"$(CORDON_VERSION)"' -Iuserspace/lib \
	-Iuserspace/policy -Iuserspace/ledger -I$(B)/bpf
USERSPACE_HEADERS := $(wildcard include/cordon/*.h userspace/*/*.h)

# In reading order: words, the kernel, the guard, records.
# The programs have their folders' names, so the objects are a folder further down.
OBJECTS := $(B)/userspace/objects

# In reading order: words, the kernel, the guard, records.
CORDON_LIB_OBJECTS := $(addprefix $(OBJECTS)/lib/, \
	names.o escape.o mounts.o kernel_state.o guard.o control.o live.o coverage.o \
	gaps.o store.o store_query.o store_ledger.o volumes.o image_cache.o record_text.o)

# The ledger: keys and words for who writes it, the rest for who verifies it.
CORDON_LEDGER_OBJECTS := $(addprefix $(OBJECTS)/ledger/, \
	key.o words.o retention.o evidence.o read.o lanes.o ahead.o walk.o \
	verify.o ends.o)

CORDON_OBJECTS := $(addprefix $(OBJECTS)/cordon/, \
	main.o common.o since.o mediation.o cmd_status.o cmd_check.o cmd_explain.o cmd_load.o cmd_enforce.o \
	cmd_permissive.o cmd_seal.o cmd_break_glass.o cmd_policy.o cmd_diff.o cmd_records.o \
	cmd_label.o cmd_ledger.o cmd_ledger_verify.o cmd_ledger_show.o cmd_run.o cmd_version.o \
	cmd_help.o)

CORDOND_OBJECTS := $(addprefix $(OBJECTS)/cordond/, \
	main.o attach.o revive.o pins.o guarded.o seal.o policy.o standing.o generation.o automaton.o superblocks.o links.o \
	devices.o labels.o resolve.o notes.o mode.o drain.o anchors.o epochs.o ledger.o ring.o server.o commands.o \
	record_query.o status.o confine.o notify.o file.o)

CORDON_LIBS := -lbpf -lelf -lz -lsqlite3 -ljson-c -lsodium -lb2
CORDOND_LIBS := $(CORDON_LIBS) -lcares -lcap-ng -lseccomp -lpthread

$(CORDON_LIB_OBJECTS) $(CORDON_LEDGER_OBJECTS) $(CORDON_OBJECTS) $(CORDOND_OBJECTS): \
		$(OBJECTS)/%.o: userspace/%.c $(USERSPACE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(USERSPACE_CFLAGS) -c -o $@ $<

$(OBJECTS)/cordond/attach.o $(OBJECTS)/cordond/revive.o: $(B)/bpf/cordon.skel.h

$(OBJECTS)/cordon/mediation.o: $(OBJECTS)/mediation_table.h
$(OBJECTS)/cordon/mediation.o: USERSPACE_CFLAGS += -I$(OBJECTS)
$(OBJECTS)/mediation_table.h: docs/coverage.md $(B)/tests/coverage/coverage
	@mkdir -p $(@D)
	$(B)/tests/coverage/coverage array $< $@

$(B)/userspace/cordon: $(CORDON_OBJECTS) $(CORDON_LEDGER_OBJECTS) $(CORDON_LIB_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORDON_LIBS)

$(B)/userspace/cordond: $(CORDOND_OBJECTS) $(CORDON_LEDGER_OBJECTS) $(CORDON_LIB_OBJECTS) \
		$(CORDON_POLICY_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORDOND_LIBS)

ALL_TARGETS += $(B)/userspace/cordon $(B)/userspace/cordond

# The verbs of cordon(8) are those of the program: the page is put together from both.
$(B)/userspace/man/cordon.8: userspace/man/cordon.8.in $(B)/userspace/cordon
	@mkdir -p $(@D)
	$(B)/userspace/cordon help --man > $@.verbs
	sed -e '/^@VERBS@$$/{r $@.verbs' -e 'd;}' -e 's/@VERSION@/$(CORDON_VERSION)/' $< > $@.tmp
	mv $@.tmp $@

CORDON_PAGES := $(wildcard userspace/man/*.[58])
ALL_TARGETS += $(B)/userspace/man/cordon.8

include userspace/check.mk

# DESTDIR and the usual folders.
prefix     ?= /usr
sbindir    ?= $(prefix)/sbin
mandir     ?= $(prefix)/share/man
unitdir    ?= $(prefix)/lib/systemd/system
modloaddir ?= $(prefix)/lib/modules-load.d
compdir    ?= $(prefix)/share/bash-completion/completions

.PHONY: install-userspace
install-userspace: $(B)/userspace/cordon $(B)/userspace/cordond $(B)/userspace/man/cordon.8
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8 \
		$(DESTDIR)$(unitdir) $(DESTDIR)$(modloaddir) $(DESTDIR)$(compdir)
	install -d -m 0755 $(DESTDIR)/etc/cordon/policy.d
	install -d -m 0700 $(DESTDIR)/var/lib/cordon
	install -m 0755 $(B)/userspace/cordon $(B)/userspace/cordond $(DESTDIR)$(sbindir)
	install -m 0644 $(filter %.5,$(CORDON_PAGES)) $(DESTDIR)$(mandir)/man5
	install -m 0644 $(filter %.8,$(CORDON_PAGES)) $(B)/userspace/man/cordon.8 \
		$(DESTDIR)$(mandir)/man8
	sed 's,@sbindir@,$(sbindir),' userspace/systemd/cordond.service.in \
		> $(DESTDIR)$(unitdir)/cordond.service
	chmod 0644 $(DESTDIR)$(unitdir)/cordond.service
	install -m 0644 userspace/systemd/cordon.conf $(DESTDIR)$(modloaddir)/cordon.conf
	install -m 0644 userspace/completion/cordon.bash $(DESTDIR)$(compdir)/cordon

INSTALL_TARGETS += install-userspace
