/* SPDX-License-Identifier: MIT */
/* What the demonstration sends through the tunnel. */
#ifndef VPDIAL_MAIN_PROBE_H
#define VPDIAL_MAIN_PROBE_H

#include <netinet/in.h>

/* COUNT ICMP echoes, printed as ping does; how many were answered, or -errno. */
int probe_ping(struct in_addr to, int count);

/* TCP to probe_sink at TO for DURATION_MS; *MBIT is what arrived there.  0 or -errno. */
int probe_throughput(struct in_addr to, int duration_ms, double *mbit);

/* Takes what probe_throughput sends, for ever; an exit status. */
int probe_sink(void);

#endif
