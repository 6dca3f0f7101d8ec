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

/* Clears what is behind the prefix; true if there was nothing. */
static bool clear_host_bits(struct route *r)
{
	uint8_t *address = r->dst6.s6_addr;
	bool clear = true;

	for (unsigned i = 0; i < (r->family == AF_INET ? 4 : 16); i++) {
		unsigned from = i * 8;
		unsigned kept = r->prefix_len <= from	    ? 0
				: r->prefix_len - from >= 8 ? 8
							    : r->prefix_len - from;
		uint8_t behind = (uint8_t)(0xff >> kept);

		clear &= !(address[i] & behind);
		address[i] &= (uint8_t)~behind;
	}
	return clear;
}

/* The length of a contiguous mask such as 255.255.0.0, or -1. */
static int mask_length(struct in_addr a)
{
	uint32_t inverse = ~ntohl(a.s_addr);

	return inverse & (inverse + 1) ? -1 : 32 - __builtin_popcount(inverse);
}

bool conf_address_of_host(struct in_addr a)
{
	unsigned first = ntohl(a.s_addr) >> 24;

	return first != 0 && first < 224;
}

/* The prefix that a network's address without one was probably meant to have. */
static unsigned likely_prefix(const struct route *r)
{
	uint32_t a = ntohl(r->dst4.s_addr);

	if (r->family != AF_INET)
		return 64;
	return !(a & 0xffffff) ? 8 : !(a & 0xffff) ? 16 : 24;
}

static bool looks_like_network(const struct route *r)
{
	static const uint8_t zero[8];

	return r->family == AF_INET ? !(r->dst4.s_addr & htonl(0xff))
				    : memcmp(r->dst6.s6_addr + 8, zero, sizeof(zero)) == 0;
}

static void warn_of_host(const char *word, const struct route *r, struct str *warn)
{
	unsigned whole = r->family == AF_INET ? 32 : 128;

	if (r->dst4.s_addr == 0)
		str_printf(warn,
			   "%s without a prefix is no network, the default route is "
			   "add-default-route = yes; ",
			   word);
	else
		str_printf(warn,
			   "%s without a prefix is a single host, write %s/%u for the network, "
			   "else %s/%u; ",
			   word, word, likely_prefix(r), word, whole);
}

static bool is_default(unsigned long prefix, const char *word, const char *mask, struct str *why)
{
	if (prefix == 0)
		str_printf(why, "%s/%s is the default route, write add-default-route = yes", word,
			   mask);
	return prefix == 0;
}

/* The prefix or mask behind a slash. */
static bool read_prefix(const char *word, const char *text, struct route *r, struct str *why)
{
	unsigned long whole = r->family == AF_INET ? 32 : 128, n = whole;
	struct in_addr mask;
	bool good;

	if (r->family == AF_INET && inet_pton(AF_INET, text, &mask) == 1) {
		good = mask_length(mask) >= 0;
		n = (unsigned long)mask_length(mask);
	} else
		good = number(text, whole, &n);
	if (!good) {
		str_printf(why,
			   "prefix of %s is not legal, write /1 to /%lu; the default route is "
			   "add-default-route = yes",
			   word, whole);
		return false;
	}
	r->prefix_len = (uint8_t)n;
	return !is_default(n, word, text, why);
}

static bool read_destination(char *word, struct route *r, struct str *why)
{
	char *slash = strchr(word, '/'), network[INET6_ADDRSTRLEN];

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, word, &r->dst4) == 1)
		r->family = AF_INET;
	else if (inet_pton(AF_INET6, word, &r->dst6) == 1)
		r->family = AF_INET6;
	else {
		str_printf(why, "a destination is not an address, write 10.0.0.0/8 or fd00::/8; "
				"the default route is add-default-route = yes");
		return false;
	}
	r->prefix_len = r->family == AF_INET ? 32 : 128;
	if (slash && !read_prefix(word, slash + 1, r, why))
		return false;
	if (clear_host_bits(r))
		return true;
	str_printf(why, "%s/%u has bits set behind its prefix, write %s/%u", word, r->prefix_len,
		   inet_ntop(r->family, &r->dst6, network, sizeof(network)), r->prefix_len);
	return false;
}

/* The second word, where it is a mask as other systems write it behind the address. */
static bool read_mask(const char *dst, int len, bool prefixed, struct route *r, struct str *why,
		      struct str *warn)
{
	char network[INET_ADDRSTRLEN];

	if (is_default((unsigned long)len, dst, "0.0.0.0", why))
		return false;
	if (prefixed && r->prefix_len != len) {
		str_printf(why, "%s has the prefix /%u and a mask of /%d, keep one of them", dst,
			   r->prefix_len, len);
		return false;
	}
	r->prefix_len = (uint8_t)len;
	if (!clear_host_bits(r))
		str_printf(warn, "%s has bits set behind its mask, %s/%d is used; ", dst,
			   inet_ntop(AF_INET, &r->dst4, network, sizeof(network)), len);
	return true;
}

static bool read_gateway(const char *dst, const char *word, struct route *r, struct str *why)
{
	if (r->family != AF_INET || inet_pton(AF_INET, word, &r->gateway4) != 1) {
		str_printf(why,
			   "the gateway of %s is not legal, write an IPv4 address (IPv6 routes "
			   "have none)",
			   dst);
		return false;
	}
	if (!conf_address_of_host(r->gateway4) || ntohl(r->gateway4.s_addr) >> 24 == 127) {
		str_printf(why,
			   "%s behind %s is neither a mask nor a gateway, write %s/PREFIX and an "
			   "address of the other end, or none",
			   word, dst, dst);
		return false;
	}
	r->has_gateway = true;
	return true;
}

/* One route: "dst[/prefix] [mask] [gateway [metric]]"; ITEM is cut into words. */
static bool read_route(char *item, struct route *r, struct str *why, struct str *warn)
{
	char *save, *dst = strtok_r(item, " \t", &save), *next = strtok_r(NULL, " \t", &save);
	bool prefixed = dst && strchr(dst, '/');
	struct in_addr mask;
	unsigned long n = 0;

	*r = (struct route){0};
	if (!dst) {
		str_printf(why, "an item of the list is empty");
		return false;
	}
	if (!read_destination(dst, r, why))
		return false;
	if (next && r->family == AF_INET && inet_pton(AF_INET, next, &mask) == 1 &&
	    mask_length(mask) >= 0) {
		if (!read_mask(dst, mask_length(mask), prefixed, r, why, warn))
			return false;
		next = strtok_r(NULL, " \t", &save);
	} else if (!prefixed && looks_like_network(r))
		warn_of_host(dst, r, warn);
	if (next && !read_gateway(dst, next, r, why))
		return false;
	next = next ? strtok_r(NULL, " \t", &save) : NULL;
	if ((next && !number(next, UINT32_MAX, &n)) || strtok_r(NULL, " \t", &save)) {
		str_printf(why, "text behind the gateway of %s is not legal, write one metric",
			   dst);
		return false;
	}
	r->metric = (uint32_t)n;
	return true;
}

bool conf_routes_read(const char *text, struct route routes[static CONF_ROUTES_MAX], size_t *count,
		      struct str *why)
{
	struct route list[CONF_ROUTES_MAX];
	char warning[400];
	struct str warn = str_make(warning, sizeof(warning));
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
			good = read_route(item, &list[n++], why, &warn);
	}
	free(copy);
	if (good) {
		memcpy(routes, list, n * sizeof(list[0]));
		*count = n;
		if (warn.len > 2)
			str_printf(why, "%.*s", (int)warn.len - 2, warn.text);
	}
	return good;
}
