/* SPDX-License-Identifier: MIT */
/* DHCPINFORM and DHCPACK (RFC 2131), options (RFC 2132), classless routes (RFC 3442), options in
 * several pieces (RFC 3396). */
#include "wire/dhcp.h"

#include "base/cursor.h"

#include <arpa/inet.h>

#define IP_HEADER    20
#define UDP_HEADER   8
#define PROTOCOL_UDP 17
#define PORT_SERVER  67
#define PORT_CLIENT  68
#define TTL	     128
#define MAGIC	     0x63825363u
#define SNAME_LEN    64
#define FILE_LEN     128
#define CHADDR_LEN   16
#define HTYPE	     8 /* as Windows says on a PPP link, with the address below */
#define HLEN	     6

#define BOOTREQUEST 1
#define BOOTREPLY   2
#define ACK	    5
#define INFORM	    8

enum option {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_DNS = 6,
	OPTION_DOMAIN = 15,
	OPTION_NBNS = 44,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_PARAMETERS = 55,
	OPTION_VENDOR = 60,
	OPTION_CLIENT_ID = 61,
	OPTION_ROUTES = 121,
	OPTION_ROUTES_MICROSOFT = 249,
	OPTION_END = 255,
};

static const uint8_t chaddr[CHADDR_LEN] = {0x00, 0x53, 0x45};

/* Checksums */

static uint32_t sum_octets(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return len & 1 ? sum + ((uint32_t)p[len - 1] << 8) : sum;
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Over the pseudo header (RFC 768) and the LEN octets at UDP; a good datagram gives 0xffff. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, size_t len)
{
	return sum_fold(sum_octets(sum_octets(PROTOCOL_UDP + (uint32_t)len, ip + 12, 8), udp, len));
}

static void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

/* The question */

static void write_headers(struct writer *w, const struct dhcp_inform *inform)
{
	writer_u8(w, 0x45);
	writer_u8(w, 0);
	writer_u16(w, DHCP_INFORM_LEN);
	writer_u32(w, inform->xid & 0xffff0000u); /* identification; no fragment */
	writer_u8(w, TTL);
	writer_u8(w, PROTOCOL_UDP);
	writer_u16(w, 0);
	writer_bytes(w, &inform->client.s_addr, 4);
	writer_u32(w, 0xffffffffu);
	writer_u16(w, PORT_CLIENT);
	writer_u16(w, PORT_SERVER);
	writer_u16(w, DHCP_INFORM_LEN - IP_HEADER);
	writer_u16(w, 0);
}

static void write_options(struct writer *w)
{
	static const uint8_t wanted[] = {
		OPTION_ROUTES, OPTION_ROUTES_MICROSOFT, OPTION_DNS, OPTION_DOMAIN,
		OPTION_MASK,   OPTION_ROUTER,		OPTION_NBNS};
	static const char vendor[] = "MSFT 5.0"; /* servers may give routes to this class only */

	writer_u32(w, MAGIC);
	writer_u8(w, OPTION_TYPE);
	writer_u8(w, 1);
	writer_u8(w, INFORM);
	writer_u8(w, OPTION_CLIENT_ID);
	writer_u8(w, 1 + HLEN);
	writer_u8(w, HTYPE);
	writer_bytes(w, chaddr, HLEN);
	writer_u8(w, OPTION_VENDOR);
	writer_u8(w, sizeof vendor - 1);
	writer_bytes(w, vendor, sizeof vendor - 1);
	writer_u8(w, OPTION_PARAMETERS);
	writer_u8(w, sizeof wanted);
	writer_bytes(w, wanted, sizeof wanted);
	writer_u8(w, OPTION_END);
}

size_t dhcp_inform_write(const struct dhcp_inform *inform, uint8_t *packet, size_t cap)
{
	struct writer w = writer_make(packet, cap);
	uint16_t sum;

	write_headers(&w, inform);
	writer_u8(&w, BOOTREQUEST);
	writer_u8(&w, HTYPE);
	writer_u8(&w, HLEN);
	writer_u8(&w, 0);
	writer_u32(&w, inform->xid);
	writer_u16(&w, inform->secs);
	writer_u16(&w, 0);
	writer_bytes(&w, &inform->client.s_addr, 4);
	writer_zeros(&w, 12); /* yiaddr, siaddr, giaddr */
	writer_bytes(&w, chaddr, CHADDR_LEN);
	writer_zeros(&w, SNAME_LEN + FILE_LEN);
	write_options(&w);
	if (w.failed || cap < DHCP_INFORM_LEN)
		return 0;
	writer_zeros(&w, DHCP_INFORM_LEN - writer_len(&w));
	put_u16(packet + 10, (uint16_t)~sum_fold(sum_octets(0, packet, IP_HEADER)));
	sum = (uint16_t)~udp_sum(packet, packet + IP_HEADER, DHCP_INFORM_LEN - IP_HEADER);
	put_u16(packet + IP_HEADER + 6, sum ? sum : 0xffff); /* 0 would mean "none" */
	return DHCP_INFORM_LEN;
}

/* The answer */

/* The options: after the magic, and where the server ran out of room also in `file` and `sname`, in
 * this order (RFC 3396 section 5). */
struct areas {
	struct cursor area[3];
	size_t count;
};

/* The next option of C into *CODE and *VALUE; false at the end, or failed. */
static bool next_option(struct cursor *c, uint8_t *code, struct cursor *value)
{
	do {
		if (cursor_left(c) == 0)
			return false; /* an area that is full may lack its End */
		*code = cursor_u8(c);
	} while (*code == OPTION_PAD);
	if (*code == OPTION_END)
		return false;
	*value = cursor_sub(c, cursor_u8(c));
	return !c->failed;
}

/* Can the options of AREA be told apart? */
static bool area_is_whole(struct cursor area)
{
	struct cursor value;
	uint8_t code;

	while (next_option(&area, &code, &value))
		;
	return !area.failed;
}

/* All pieces of option CODE behind each other: octets, 0 if it is not there.  -1 if they do not fit
 * CAP. */
static int gather(const struct areas *areas, uint8_t wanted, uint8_t *out, size_t cap)
{
	struct writer w = writer_make(out, cap);
	struct cursor value;
	uint8_t code;

	for (size_t i = 0; i < areas->count; i++) {
		struct cursor c = areas->area[i];

		while (next_option(&c, &code, &value))
			if (code == wanted)
				writer_bytes(&w, value.at, cursor_left(&value));
	}
	return w.failed ? -1 : (int)writer_len(&w);
}

/* Routes of the option: false, and none, if it makes no sense. */
static bool read_routes(const uint8_t *octets, size_t len, struct dhcp_answer *answer)
{
	struct cursor c = cursor_make(octets, len);
	struct route routes[DHCP_ROUTES_MAX] = {0};
	size_t count = 0, beyond = 0;

	while (cursor_left(&c) > 0) {
		struct route r = {.family = AF_INET, .prefix_len = cursor_u8(&c)};
		uint8_t dst[4] = {0};

		if (r.prefix_len > 32)
			return false;
		cursor_copy(&c, dst, (r.prefix_len + 7u) / 8);
		cursor_copy(&c, &r.gateway4.s_addr, 4);
		r.has_gateway = r.gateway4.s_addr != 0;
		memcpy(&r.dst4.s_addr, dst, 4);
		r.dst4.s_addr &= htonl(r.prefix_len ? UINT32_MAX << (32 - r.prefix_len) : 0);
		if (c.failed)
			return false;
		if (count < DHCP_ROUTES_MAX)
			routes[count++] = r;
		else
			beyond++;
	}
	memcpy(answer->routes, routes, count * sizeof *routes);
	answer->route_count = count;
	answer->routes_beyond = beyond;
	return true;
}

/* Option 121 counts; 249 is the same from before it had a number. */
static void take_routes(const struct areas *areas, struct dhcp_answer *answer)
{
	static const uint8_t codes[] = {OPTION_ROUTES, OPTION_ROUTES_MICROSOFT};
	uint8_t octets[2048];

	for (size_t i = 0; i < sizeof codes; i++) {
		int len = gather(areas, codes[i], octets, sizeof octets);

		if (len > 0 && read_routes(octets, (size_t)len, answer))
			return;
		answer->routes_broken |= len != 0;
	}
}

static void take_dns(const struct areas *areas, struct dhcp_answer *answer)
{
	uint8_t octets[255];
	int len = gather(areas, OPTION_DNS, octets, sizeof octets);
	struct cursor c = cursor_make(octets, len > 0 && len % 4 == 0 ? (size_t)len : 0);

	for (size_t i = 0; i < DHCP_DNS_MAX && cursor_left(&c) > 0; i++)
		cursor_copy(&c, &answer->dns[i].s_addr, 4);
}

static bool domain_octet(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* Some servers end it with NUL or the root's dot. */
static void take_domain(const struct areas *areas, struct dhcp_answer *answer)
{
	uint8_t octets[DHCP_DOMAIN_LEN - 1];
	int len = gather(areas, OPTION_DOMAIN, octets, sizeof octets);

	while (len > 0 && (octets[len - 1] == '\0' || octets[len - 1] == '.'))
		len--;
	for (int i = 0; i < len; i++)
		if (!domain_octet(octets[i]) || (octets[i] == '.' && (!i || octets[i - 1] == '.')))
			return;
	if (len > 0 && octets[0] != '-') {
		memcpy(answer->domain, octets, (size_t)len);
		answer->domain[len] = '\0';
	}
}

/* The octets of the UDP datagram from a server's to the client's port, or a failed cursor. */
static struct cursor open_datagram(const uint8_t *ip, size_t len, const struct dhcp_inform *inform)
{
	struct cursor c = cursor_make(ip, len), failed = {.failed = true};
	uint16_t total, fragment, ports[2], udp_len, checksum;
	uint8_t first = cursor_u8(&c), protocol;
	size_t header = (size_t)(first & 15) * 4;
	struct in_addr to;
	const uint8_t *udp;

	cursor_skip(&c, 1);
	total = cursor_u16(&c);
	cursor_skip(&c, 2);
	fragment = cursor_u16(&c);
	cursor_skip(&c, 1);
	protocol = cursor_u8(&c);
	cursor_skip(&c, 6);
	cursor_copy(&c, &to.s_addr, 4);
	if (c.failed || first >> 4 != 4 || header < IP_HEADER || total > len ||
	    total < header + UDP_HEADER || protocol != PROTOCOL_UDP || fragment & 0x3fff ||
	    (to.s_addr != inform->client.s_addr && to.s_addr != INADDR_NONE) ||
	    sum_fold(sum_octets(0, ip, header)) != 0xffff)
		return failed;
	udp = ip + header;
	c = cursor_make(udp, total - header);
	ports[0] = cursor_u16(&c);
	ports[1] = cursor_u16(&c);
	udp_len = cursor_u16(&c);
	checksum = cursor_u16(&c);
	if (ports[0] != PORT_SERVER || ports[1] != PORT_CLIENT || udp_len < UDP_HEADER ||
	    udp_len > total - header || (checksum && udp_sum(ip, udp, udp_len) != 0xffff))
		return failed;
	return cursor_make(c.at, udp_len - UDP_HEADER);
}

/* The fixed part, as far as it must match; leaves C at the options. */
static bool open_reply(struct cursor *c, const struct dhcp_inform *inform, struct areas *areas)
{
	uint8_t op = cursor_u8(c), address[CHADDR_LEN], overload[1];
	struct cursor sname, file;
	uint32_t xid;

	cursor_skip(c, 3); /* htype, hlen, hops: some servers answer with their own idea of them */
	xid = cursor_u32(c);
	cursor_skip(c, 20);
	cursor_copy(c, address, sizeof address);
	sname = cursor_sub(c, SNAME_LEN);
	file = cursor_sub(c, FILE_LEN);
	if (cursor_u32(c) != MAGIC || c->failed || op != BOOTREPLY || xid != inform->xid ||
	    memcmp(address, chaddr, HLEN) != 0)
		return false;
	*areas = (struct areas){.area = {*c}, .count = 1};
	if (!area_is_whole(*c))
		return false;
	if (gather(areas, OPTION_OVERLOAD, overload, sizeof overload) == 1 && overload[0] <= 3) {
		if (overload[0] & 1)
			areas->area[areas->count++] = file;
		if (overload[0] & 2)
			areas->area[areas->count++] = sname;
	}
	for (size_t i = 1; i < areas->count; i++)
		if (!area_is_whole(areas->area[i]))
			return false;
	return true;
}

bool dhcp_answer_decode(const uint8_t *ip, size_t len, const struct dhcp_inform *inform,
			struct dhcp_answer *answer)
{
	struct cursor c = open_datagram(ip, len, inform);
	struct areas areas;
	uint8_t type[1], server[4];

	memset(answer, 0, sizeof *answer);
	if (c.failed || !open_reply(&c, inform, &areas) ||
	    gather(&areas, OPTION_TYPE, type, sizeof type) != 1 || type[0] != ACK)
		return false;
	memcpy(&answer->server.s_addr, ip + 12, 4);
	if (gather(&areas, OPTION_SERVER, server, sizeof server) == 4)
		memcpy(&answer->server.s_addr, server, 4);
	take_routes(&areas, answer);
	take_dns(&areas, answer);
	take_domain(&areas, answer);
	return true;
}
