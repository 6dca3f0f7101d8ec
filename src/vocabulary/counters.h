/* SPDX-License-Identifier: MIT */
/* What is counted of a call: one list gives fields, names (as in JSON) and labels. */
#ifndef VPDIAL_VOCABULARY_COUNTERS_H
#define VPDIAL_VOCABULARY_COUNTERS_H

#include <stdint.h>

/* X(field, label): the label says what it means, if it counts dropped packets; else NULL. */

/* Of the data path: inner IP packets and octets, outer packets (fast: by the packet socket), what
 * was dropped and why; late = delivered out of order; mp = fragments of packets that were cut, of
 * MP's numbers those that never came, and pieces that were dropped. */
#define PATH_COUNTERS(X)                                                   \
	X(tx_packets, NULL)                                                \
	X(tx_bytes, NULL)                                                  \
	X(rx_packets, NULL)                                                \
	X(rx_bytes, NULL)                                                  \
	X(wire_tx, NULL)                                                   \
	X(wire_tx_fast, NULL)                                              \
	X(wire_rx, NULL)                                                   \
	X(tx_blocked, "sent while the link was not open")                  \
	X(tx_too_big, "sent, larger than the peer takes")                  \
	X(tx_full, "sent, network too slow")                               \
	X(rx_clear_refused, "received in clear although encryption is on") \
	X(rx_malformed, "received, malformed")                             \
	X(rx_wrong_id, "received for another call")                        \
	X(rx_not_open, "received while the link was not open")             \
	X(rx_duplicate, "received twice")                                  \
	X(rx_late, NULL)                                                   \
	X(rx_lost, NULL)                                                   \
	X(rx_too_late, "received too late")                                \
	X(rx_bad_mppe, "received, not to be decrypted")                    \
	X(mp_tx, NULL)                                                     \
	X(mp_rx, NULL)                                                     \
	X(mp_lost, NULL)                                                   \
	X(mp_dropped, "received, fragments that make no packet")           \
	X(esp_bad, "received, changed on the way")                         \
	X(esp_replayed, "received again, or too late for IPsec")           \
	X(esp_unknown, "received for another IPsec association")

/* Of the tunnel's control connection and of PPP: messages. */
#define CONTROL_COUNTERS(X)   \
	X(control_tx, NULL)   \
	X(control_rx, NULL)   \
	X(ipsec_rekeys, NULL) \
	X(lcp_rx, NULL)       \
	X(auth_rx, NULL)      \
	X(ccp_rx, NULL)       \
	X(ipcp_rx, NULL)

#define COUNTER_FIELD(field, label) uint64_t field;

struct counters {
	PATH_COUNTERS(COUNTER_FIELD)
	CONTROL_COUNTERS(COUNTER_FIELD)
};

#endif
