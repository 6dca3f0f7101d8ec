/* SPDX-License-Identifier: MIT */
/* The two ends of a call. */
#ifndef VPDIAL_VOCABULARY_ROLE_H
#define VPDIAL_VOCABULARY_ROLE_H

enum call_role {
	ROLE_CALLER,   /* dials, and proves who it is */
	ROLE_ANSWERER, /* a server: asks for that proof */
	CALL_ROLES
};

#endif
