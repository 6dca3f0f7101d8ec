/* SPDX-License-Identifier: MIT */
#include "vocabulary/mppe.h"

const struct word mppe_policy_words[] = {{"no", MPPE_NO, false},
					 {"yes", MPPE_YES, false},
					 {"require", MPPE_REQUIRE, false},
					 {"required", MPPE_REQUIRE, true},
					 {0}};

const struct word mppe_strength_words[] = {
	{"40", MPPE_40, false}, {"56", MPPE_56, false}, {"128", MPPE_128, false}, {0}};

const struct word mppe_mode_words[] = {{"stateless", MPPE_STATELESS, false},
				       {"stateful", MPPE_STATEFUL, false},
				       {"any", MPPE_ANY, false},
				       {0}};
