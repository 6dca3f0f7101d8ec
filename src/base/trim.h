/* SPDX-License-Identifier: MIT */
/* Giving memory back that only the start needed. */
#ifndef VPDIAL_BASE_TRIM_H
#define VPDIAL_BASE_TRIM_H

/* Returns free heap to the system, and lets go of the pages of programs and libraries that were
 * read in to start and dial: they are unchanged copies of files, which the kernel maps again
 * should they be wanted.  A connected call runs through a few of them only. */
void memory_trim(void);

#endif
