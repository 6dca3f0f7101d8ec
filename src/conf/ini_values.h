/* SPDX-License-Identifier: MIT */
/* The values of a scanned file, as iniparser reads them. */
#ifndef VPDIAL_CONF_INI_VALUES_H
#define VPDIAL_CONF_INI_VALUES_H

#include "conf/ini.h"

/* Has iniparser read the entries of INI, whose positions are known, and sets the value of each.
 * What iniparser cannot carry (quoted and long values: it cuts them, or refuses the file) goes to
 * it in pieces of hexadecimal digits; secrets moreover under a one-time pad, since it never wipes
 * its memory.  0, with a fault for what it does not give back, or -errno. */
int ini_values_read(struct ini *ini, struct fault_list *faults);

#endif
