/* SPDX-License-Identifier: MIT */
/* From the entries of a file to a draft: what profiles and server.conf share. */
#ifndef VPDIAL_CONF_DRAFT_H
#define VPDIAL_CONF_DRAFT_H

#include "conf/ini.h"
#include "conf/options.h"

/* All keys of SECTION into the draft; SECTIONS says which are legal there. */
void draft_apply_section(struct conf_draft *draft, const struct ini *ini,
			 const struct ini_section *section, unsigned sections,
			 struct fault_list *faults);
/* Both spellings of one option in a section are a fault. */
void draft_check_aliases(const struct ini *ini, struct fault_list *faults);
/* Sets what PPP profile NAME says, of ppp-profiles.conf beside PATH; LINE is where it is named.
 * Faults of that file go to OUT at once.  0 or -errno. */
int draft_apply_ppp(struct conf_draft *draft, const char *path, const char *name, unsigned line,
		    struct fault_list *faults, struct conf_faults *out);

#endif
