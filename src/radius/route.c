/* SPDX-License-Identifier: MIT */
/* Framed-Route's text. */
#include "radius/route.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define METRIC_MAX 65535

static bool number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*out = strtoul(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static uint8_t class_of(struct in_addr a)
{
	uint8_t first = (uint8_t)(ntohl(a.s_addr) >> 24);

	return first < 128 ? 8 : first < 192 ? 16 : 24;
}

static bool destination(char *text, struct route *out)
{
	char *slash = strchr(text, '/');
	unsigned long prefix;
	uint32_t mask;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, &out->dst4) != 1)
		return false;
	prefix = class_of(out->dst4);
	if (slash && !number(slash + 1, 32, &prefix))
		return false;
	mask = prefix ? UINT32_MAX << (32 - prefix) : 0;
	out->dst4.s_addr &= htonl(mask);
	out->prefix_len = (uint8_t)prefix;
	return true;
}

bool radius_route_parse(const uint8_t *text, size_t len, struct route *out)
{
	char copy[254], *save = NULL, *word;
	struct route r = {.family = AF_INET};
	struct in_addr gateway;
	unsigned long metric = 0;

	if (len >= sizeof copy || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	word = strtok_r(copy, " \t", &save);
	if (!word || !destination(word, &r))
		return false;
	word = strtok_r(NULL, " \t", &save);
	if (word && inet_pton(AF_INET, word, &gateway) != 1)
		return false;
	/* Of several metrics the first counts. */
	word = word ? strtok_r(NULL, " \t", &save) : NULL;
	if (word && !number(word, METRIC_MAX, &metric))
		return false;
	r.metric = (uint32_t)metric;
	*out = r;
	return true;
}
