/* SPDX-License-Identifier: MIT */
/* systemd's links. */
#include "cli/boot.h"

#include <glob.h>
#include <stdio.h>
#include <unistd.h>

bool boot_is_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0; /* as sd_booted(3) finds out */
}

bool boot_is_enabled(const char *unit)
{
	static const char *const places[] = {"/etc/systemd/system", "/run/systemd/system",
					     "/usr/local/lib/systemd/system",
					     "/usr/lib/systemd/system", "/lib/systemd/system"};
	char pattern[256];
	bool found = false;

	for (size_t i = 0; !found && i < sizeof(places) / sizeof(places[0]); i++) {
		glob_t links = {0};

		/* A profile's name holds none of the characters of a pattern. */
		if (snprintf(pattern, sizeof(pattern), "%s/*.{wants,requires}/%s", places[i],
			     unit) >= (int)sizeof(pattern))
			return false;
		found = glob(pattern, GLOB_BRACE, NULL, &links) == 0;
		globfree(&links);
	}
	return found;
}
