/* SPDX-License-Identifier: MIT */
#include "vocabulary/authentication.h"

const struct word auth_words[] = {
	{"pap", METHOD_PAP, false},	     {"chap", METHOD_CHAP, false},
	{"mschap1", METHOD_MSCHAP1, false},  {"mschap2", METHOD_MSCHAP2, false},
	{"eap", METHOD_EAP, false},	     {"mschap", METHOD_MSCHAP1, true},
	{"mschapv1", METHOD_MSCHAP1, true},  {"mschapv2", METHOD_MSCHAP2, true},
	{"mschap-v2", METHOD_MSCHAP2, true}, {0}};
