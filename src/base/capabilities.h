/* SPDX-License-Identifier: MIT */
/* Linux capabilities of this process, by libcap-ng: the one place that looks at them or changes
 * them. */
#ifndef VPDIAL_BASE_CAPABILITIES_H
#define VPDIAL_BASE_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>

/* Is CAPABILITY (CAP_*) in effect? */
bool capabilities_have(unsigned capability);

/* Leaves only the COUNT ones of KEEP in effect; the permitted set stays.  0 or -errno. */
int capabilities_keep_effective(const unsigned *keep, size_t count);

/* Empties the bounding set, so that no program that is executed gains any.  Needs CAP_SETPCAP:
 * without that in effect nothing is done and nothing is wrong.  0 or -errno. */
int capabilities_drop_bounds(void);

/* Gives up all, ambient ones too, for good.  0 or -errno. */
int capabilities_drop_all(void);

#endif
