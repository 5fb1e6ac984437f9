// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole of the enforcement points as one translation unit: they share
 * one set of maps and one copy of each function that is a function of its own
 * to the verifier, and the object stays a third of what linking gives.
 */
#include "exec.bpf.c"
#include "task.bpf.c"
#include "mapping.bpf.c"
#include "ipc.bpf.c"
#include "uring.bpf.c"
#include "queue.bpf.c"
#include "net.bpf.c"
#include "file.bpf.c"
#include "egress.bpf.c"
#include "mount.bpf.c"
#include "guard.bpf.c"
#include "view.bpf.c"
#include "netlink.bpf.c"
#include "label.bpf.c"

char LICENSE[] SEC("license") = "GPL";
