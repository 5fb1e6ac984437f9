/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things are on an installed system. */
#ifndef CORDON_PATHS_H
#define CORDON_PATHS_H

#define CORDON_CONFIGURATION_FOLDER "/etc/cordon"
#define CORDON_POLICY_FOLDER	    CORDON_CONFIGURATION_FOLDER "/policy.d"
#define CORDON_AUDITOR_FILE	    CORDON_CONFIGURATION_FOLDER "/auditor.pub"
#define CORDON_KEYS_FOLDER	    CORDON_CONFIGURATION_FOLDER "/policy.keys.d"
#define CORDON_STATE_FOLDER	    "/var/lib/cordon"
#define CORDON_STORE		    CORDON_STATE_FOLDER "/records.db"
#define CORDON_MODE_FILE	    CORDON_STATE_FOLDER "/mode"
#define CORDON_LABEL_KEY_FILE	    CORDON_STATE_FOLDER "/label.key"
#define CORDON_IMAGE_FILE	    CORDON_STATE_FOLDER "/policy.image"
#define CORDON_RUN_FOLDER	    "/run/cordon"
#define CORDON_SOCKET		    CORDON_RUN_FOLDER "/control"
#define CORDON_BPFFS		    "/sys/fs/bpf"
#define CORDON_PINS		    CORDON_BPFFS "/cordon"

#endif /* CORDON_PATHS_H */
