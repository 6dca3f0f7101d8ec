/* SPDX-License-Identifier: MIT */
#include "ipsec/probe.h"

#include "wire/isakmp.h"
#include "wire/isakmp_sa.h"

#include <string.h>

#define SECONDS 28800

void ipsec_probe_make(struct ipsec_probe *probe, const struct random_source *random)
{
	const struct isakmp_transform like = {
		.protocol = ISAKMP_PROTOCOL_IKE, .method = ISAKMP_SHARED_KEY, .seconds = SECONDS};
	struct isakmp_header header = {.exchange = ISAKMP_MAIN};
	struct ipsec_suites suites;
	struct isakmp_writer m;

	random_fill(random, probe->cookie, sizeof probe->cookie);
	probe->cookie[0] |= 1; /* zero is none */
	memcpy(header.initiator, probe->cookie, sizeof probe->cookie);
	(void)ipsec_suites_named("default", false, &suites);
	isakmp_begin(&m, probe->octets, sizeof probe->octets, &header);
	isakmp_open(&m, ISAKMP_SA);
	isakmp_sa_offer(&m.w, &like, &suites);
	isakmp_close(&m);
	probe->len = isakmp_end(&m, 1);
}

bool ipsec_probe_is_answer(const struct ipsec_probe *probe, const uint8_t *octets, size_t len)
{
	struct isakmp_header header;

	return isakmp_header_decode(octets, len, &header) &&
	       memcmp(header.initiator, probe->cookie, sizeof probe->cookie) == 0;
}
