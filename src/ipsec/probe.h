/* SPDX-License-Identifier: MIT */
/* Does anybody speak IKE there?  One message of IKEv1, and what answers it; nothing is set up. */
#ifndef VPDIAL_IPSEC_PROBE_H
#define VPDIAL_IPSEC_PROBE_H

#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPSEC_PROBE_MAX 1024

struct ipsec_probe {
	uint8_t cookie[8]; /* of ours, RFC 2408 section 2.5.3 */
	size_t len;
	uint8_t octets[IPSEC_PROBE_MAX]; /* Main Mode's first message */
};

void ipsec_probe_make(struct ipsec_probe *probe, const struct random_source *random);
/* Are the LEN octets an answer to it, whatever it says?  Nothing else of them is believed. */
bool ipsec_probe_is_answer(const struct ipsec_probe *probe, const uint8_t *octets, size_t len);

#endif
