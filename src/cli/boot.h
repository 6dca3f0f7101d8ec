/* SPDX-License-Identifier: MIT */
/* What dials a profile at the start of the machine. */
#ifndef VPDIAL_CLI_BOOT_H
#define VPDIAL_CLI_BOOT_H

#include <stdbool.h>

/* Does this machine run systemd? */
bool boot_is_systemd(void);

/* Is UNIT ("vpdial.service") started at boot?  By the links that systemctl enable makes: nobody is
 * asked who could keep us waiting. */
bool boot_is_enabled(const char *unit);

#endif
