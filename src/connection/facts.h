/* SPDX-License-Identifier: MIT */
/* What the administrator's scripts are told. */
#ifndef VPDIAL_CONNECTION_FACTS_H
#define VPDIAL_CONNECTION_FACTS_H

#include "connection/routes.h"

struct script_facts {
	struct hook_facts hook; /* points into S and into this */
	struct call_routes routes;
};
/* WHY (NULL: it does not end) is kept by reference. */
const struct hook_facts *facts_gather(struct script_facts *facts, struct supervisor *s,
				      const struct reason *why);

#endif
