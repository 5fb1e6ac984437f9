/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A label that survives: the value of the extended attribute security.cordon.
 *
 * Little endian, fixed size. The tag is keyed with a key of this host and made of what the label
 * says and of the inode that it is on, so a value that was copied from another file, or made up,
 * or changed, is none. The tag is the module's business; here is only the form.
 *
 * The attribute on the root of a file system is a mark: labels may be on it. Without the mark
 * nobody looks for any, so file systems without labels cost nothing.
 */
#ifndef CORDON_STORED_LABEL_H
#define CORDON_STORED_LABEL_H

#include "abi.h"
#include "label.h"

#define CORDON_XATTR_SUFFIX	"cordon" /* below "security." */
#define CORDON_XATTR		"security." CORDON_XATTR_SUFFIX
#define CORDON_STORED_VERSION	1
#define CORDON_STORED_TAG_BYTES 16
#define CORDON_STORED_BYTES	32
#define CORDON_STORED_FILE	1 /* what the label is on: a file, */
#define CORDON_STORED_MARK	2 /* or the root of a file system, where it is only the mark */
#define CORDON_LABEL_KEY_BYTES	32

struct cordon_stored_label {
	__u8 kind; /* CORDON_STORED_* */
	__u64 label;
	__u8 tag[CORDON_STORED_TAG_BYTES];
};

/* What the tag stands for, besides the label: this inode and no other. */
struct cordon_stored_place {
	__u8 uuid[16]; /* of the file system */
	__u64 inode;
	__u64 generation; /* of the inode's number */
};
#define CORDON_STORED_MESSAGE_BYTES 48

static const __u8 cordon_stored_magic[6] = { 'C', 'O', 'R', 'D', 'O', 'N' };

static __always_inline void cordon_stored_put_u64(__u8 *to, __u64 value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (__u8)(value >> (8 * i));
}

static __always_inline __u64 cordon_stored_get_u64(const __u8 *from)
{
	__u64 value = 0;

	for (int i = 0; i < 8; i++)
		value |= (__u64)from[i] << (8 * i);
	return value;
}

/* @bytes: CORDON_STORED_BYTES of them. */
static inline void cordon_stored_encode(const struct cordon_stored_label *stored, __u8 *bytes)
{
	for (int i = 0; i < 6; i++)
		bytes[i] = cordon_stored_magic[i];
	bytes[6] = CORDON_STORED_VERSION;
	bytes[7] = stored->kind;
	cordon_stored_put_u64(bytes + 8, stored->label);
	for (int i = 0; i < CORDON_STORED_TAG_BYTES; i++)
		bytes[16 + i] = stored->tag[i];
}

/* False: these bytes are no stored label of this version. @stored stays untouched then. */
static inline int cordon_stored_decode(const __u8 *bytes, __u64 count,
				       struct cordon_stored_label *stored)
{
	__u64 label;

	if (count != CORDON_STORED_BYTES)
		return 0;
	for (int i = 0; i < 6; i++)
		if (bytes[i] != cordon_stored_magic[i])
			return 0;
	if (bytes[6] != CORDON_STORED_VERSION)
		return 0;
	if (bytes[7] != CORDON_STORED_FILE && bytes[7] != CORDON_STORED_MARK)
		return 0;
	label = cordon_stored_get_u64(bytes + 8);
	if (!cordon_label_valid(label) || (bytes[7] == CORDON_STORED_MARK && label))
		return 0;
	stored->kind = bytes[7];
	stored->label = label;
	for (int i = 0; i < CORDON_STORED_TAG_BYTES; i++)
		stored->tag[i] = bytes[16 + i];
	return 1;
}

/* What the tag is made of: @message has room for CORDON_STORED_MESSAGE_BYTES. */
static inline void cordon_stored_message(const struct cordon_stored_label *stored,
					 const struct cordon_stored_place *place, __u8 *message)
{
	for (int i = 0; i < 6; i++)
		message[i] = cordon_stored_magic[i];
	message[6] = CORDON_STORED_VERSION;
	message[7] = stored->kind;
	cordon_stored_put_u64(message + 8, stored->label);
	for (int i = 0; i < 16; i++)
		message[16 + i] = place->uuid[i];
	cordon_stored_put_u64(message + 32, place->inode);
	cordon_stored_put_u64(message + 40, place->generation);
}

/*
 * File systems on which labels are kept: they have security attributes, their own disk or memory,
 * and what they say they wrote is there after a crash. What a server or a daemon keeps (NFS, 9p,
 * FUSE) is in its hands; overlays keep what their layers keep.
 */
static __always_inline int cordon_magic_keeps_labels(__u64 magic)
{
	return magic == 0xef53 /* ext4 */ || magic == 0x01021994 /* tmpfs */;
}

#endif /* CORDON_STORED_LABEL_H */
