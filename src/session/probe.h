/* SPDX-License-Identifier: MIT */
/* A plain L2TP server that is silent may want IPsec: one message of IKE asks. */
#ifndef VPDIAL_SESSION_PROBE_H
#define VPDIAL_SESSION_PROBE_H

#include "ipsec/probe.h"
#include "loop/loop.h"

struct session;

struct session_probe {
	struct ipsec_probe message;
	struct loop_timer timer;
	bool answered;
};

/* From the first message of L2TP on, with the socket that is connected to the server's port 500. */
void probe_begin(struct session *s);
/* What is to be said behind "no answer": "" if IKE was not answered either. */
const char *probe_finding(const struct session *s);

#endif
