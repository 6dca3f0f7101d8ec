/* SPDX-License-Identifier: MIT */
/* The text of resolv.conf with a marked block of ours: made, recognised, taken out again.  Pure. */
#ifndef VPDIAL_HOST_RESOLVCONF_TEXT_H
#define VPDIAL_HOST_RESOLVCONF_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define HOST_NAME_MAX 64 /* of a profile, part of the marks */

struct resolv_text {
	char *text; /* owned; may hold any octets but is NUL-terminated too */
	size_t len;
};

struct resolv_wish {
	const struct in_addr *servers;
	size_t server_count;
	const char *search; /* "" = leave */
	const char *boot;   /* id of this boot, for resolv_text_has_old_block; NULL = none */
	bool exclusively;
};

/* BEFORE with our block in front: WISH's servers first; of the others only so many stay in force
 * that there are three, none if exclusively; old search lines give way if WISH has some.  What
 * gives way is kept behind a mark.  0 or -ENOMEM; *AFTER is owned by the caller. */
int resolv_text_make(const char *name, const struct resolv_text *before,
		     const struct resolv_wish *wish, struct resolv_text *after);
/* CURRENT without our block and with what gave way restored. */
int resolv_text_unmake(const char *name, const struct resolv_text *current,
		       struct resolv_text *result);

/* Is there a whole block of NAME's in T? */
bool resolv_text_has_block(const struct resolv_text *t, const char *name);
/* And is it of a boot that is not BOOT? */
bool resolv_text_has_old_block(const struct resolv_text *t, const char *name, const char *boot);
/* Does T end with such a block? */
bool resolv_text_ends_with_block(const struct resolv_text *t, const char *name);

#endif
