/* SPDX-License-Identifier: MIT */
#include "base/capabilities.h"

#include <cap-ng.h>
#include <errno.h>

bool capabilities_have(unsigned capability)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, capability) == 1;
}

static bool is_kept(unsigned capability, const unsigned *keep, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keep[i] == capability)
			return true;
	return false;
}

int capabilities_keep_effective(const unsigned *keep, size_t count)
{
	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		if (!is_kept(i, keep, count) && capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, i) < 0)
			return -EINVAL;
	return capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}

int capabilities_drop_bounds(void)
{
	if (!capabilities_have(CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_BOUNDS) < 0 ? -EPERM : 0;
}

int capabilities_drop_all(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_CAPS) < 0 || capng_apply(CAPNG_SELECT_AMBIENT) < 0 ? -EPERM
											   : 0;
}
