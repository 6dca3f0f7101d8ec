/* SPDX-License-Identifier: MIT */
/* Reading a list of routes. */
#include "conf/route.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > 10)
		return false;
	*out = strtoul(text, &end, 10);
	return *end == '\0' && *out <= max;
}

static bool host_bits_clear(const uint8_t *address, size_t octets, unsigned prefix_len)
{
	for (size_t i = 0; i < octets; i++) {
		unsigned from = (unsigned)i * 8;
		unsigned kept = prefix_len <= from	 ? 0
				: prefix_len - from >= 8 ? 8
							 : prefix_len - from;

		if (address[i] & (0xff >> kept))
			return false;
	}
	return true;
}

static bool read_destination(char *word, struct conf_route *r, struct str *why)
{
	char *slash = strchr(word, '/');
	unsigned long prefix;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, word, &r->dst4) == 1)
		r->family = AF_INET;
	else if (inet_pton(AF_INET6, word, &r->dst6) == 1)
		r->family = AF_INET6;
	else {
		str_printf(why, "a destination is not an address, write 10.0.0.0/8 or fd00::/8");
		return false;
	}
	prefix = r->family == AF_INET ? 32 : 128;
	if (slash && !number(slash + 1, prefix, &prefix)) {
		str_printf(why, "prefix of %s is not legal, write /0 to /%lu", word, prefix);
		return false;
	}
	if (prefix == 0) {
		str_printf(why, "%s/0 is the default route, write add-default-route = yes", word);
		return false;
	}
	if (!host_bits_clear((const uint8_t *)&r->dst6, r->family == AF_INET ? 4 : 16,
			     (unsigned)prefix)) {
		str_printf(why,
			   "%s/%lu has bits set behind its prefix, write the network's address",
			   word, prefix);
		return false;
	}
	r->prefix_len = (uint8_t)prefix;
	return true;
}

/* One route: "dst[/prefix] [gateway [metric]]"; ITEM is cut into words. */
static bool read_route(char *item, struct conf_route *r, struct str *why)
{
	char *save, *dst = strtok_r(item, " \t", &save), *gateway = strtok_r(NULL, " \t", &save),
		    *metric = strtok_r(NULL, " \t", &save);
	unsigned long n = 0;

	*r = (struct conf_route){0};
	if (!dst) {
		str_printf(why, "an item of the list is empty");
		return false;
	}
	if (!read_destination(dst, r, why))
		return false;
	if (gateway) {
		if (r->family != AF_INET || inet_pton(AF_INET, gateway, &r->gateway4) != 1) {
			str_printf(why,
				   "the gateway of %s is not legal, write an IPv4 address "
				   "(IPv6 routes have none)",
				   dst);
			return false;
		}
		r->has_gateway = true;
	}
	if ((metric && !number(metric, UINT32_MAX, &n)) || strtok_r(NULL, " \t", &save)) {
		str_printf(why, "text behind the gateway of %s is not legal, write one metric",
			   dst);
		return false;
	}
	r->metric = (uint32_t)n;
	return true;
}

bool conf_routes_read(const char *text, struct conf_route routes[static CONF_ROUTES_MAX],
		      size_t *count, struct str *why)
{
	struct conf_route list[CONF_ROUTES_MAX];
	char *copy = strdup(text), *at = copy, *item;
	size_t n = 0;
	bool good = copy != NULL;

	if (copy && strspn(copy, " \t") == strlen(copy))
		at = NULL; /* no routes */
	while (good && (item = strsep(&at, ","))) {
		if (n == CONF_ROUTES_MAX) {
			str_printf(why, "too many routes, at most %d are legal", CONF_ROUTES_MAX);
			good = false;
		} else
			good = read_route(item, &list[n++], why);
	}
	free(copy);
	if (good) {
		memcpy(routes, list, n * sizeof(list[0]));
		*count = n;
	}
	return good;
}
