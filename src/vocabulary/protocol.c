/* SPDX-License-Identifier: MIT */
#include "vocabulary/protocol.h"

const struct word protocol_words[] = {
	{"pptp", PROTOCOL_PPTP, false}, {"l2tp", PROTOCOL_L2TP, false}, {0}};
