/* SPDX-License-Identifier: MIT */
/* The environment of scripts. */
#include "dispatcher/hook_env.h"

#include "base/address.h"
#include "base/sha1.h"
#include "ipc/field.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARRIER_MAX 8 /* addresses of the carrier that are told */

const char *hook_action_name(enum hook_action action)
{
	static const char *const names[HOOK_ACTION_COUNT] = {"vpn-pre-up", "vpn-up", "vpn-pre-down",
							     "vpn-down"};
	return names[action];
}

void hook_uuid(const char *file, char out[static HOOK_UUID_LEN])
{
	/* RFC 9562 6.6: the name space of URLs */
	static const uint8_t space[16] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
					  0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	uint8_t name[16 + 8 + CONF_PATH_LEN], d[SHA1_DIGEST];
	int n;

	memcpy(name, space, sizeof space);
	n = snprintf((char *)name + sizeof space, sizeof name - sizeof space, "file://%s", file);
	if (n >= (int)(sizeof name - sizeof space))
		n = (int)(sizeof name - sizeof space) - 1;
	sha1_digest(d, name, sizeof space + (size_t)n);
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	snprintf(out, HOOK_UUID_LEN,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
		 d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14],
		 d[15]);
}

__attribute__((format(printf, 2, 3))) static void put(struct hook_env *e, const char *fmt, ...)
{
	size_t room = sizeof e->text - e->len;
	va_list ap;
	int n;

	if (e->count == HOOK_ENV_MAX)
		return;
	va_start(ap, fmt);
	n = vsnprintf(e->text + e->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		return;
	e->strings[e->count++] = e->text + e->len;
	e->strings[e->count] = NULL;
	e->len += (size_t)n + 1;
}

/* A text that is not known is not told. */
static void put_text(struct hook_env *e, const char *name, const char *value)
{
	if (value && value[0])
		put(e, "%s=%s", name, value);
}

/* --- fields of the status, by kind */

static void put_string(struct hook_env *e, const char *name, const struct control_status *s,
		       const struct field_spec *f)
{
	put_text(e, name, field_string(s, f));
}

/* One or two texts with a space between. */
static void put_two(struct hook_env *e, const char *name, const struct control_status *s,
		    const struct field_spec *f)
{
	const char *a = field_string(s, f), *b = a + f->len / 2;

	if (a[0] || b[0])
		put(e, "%s=%s%s%s", name, a, a[0] && b[0] ? " " : "", b);
}

static void put_number(struct hook_env *e, const char *name, const struct control_status *s,
		       const struct field_spec *f)
{
	put(e, "%s=%u", name, field_u32(s, f));
}

static void put_span(struct hook_env *e, const char *name, const struct control_status *s,
		     const struct field_spec *f)
{
	put(e, "%s=%" PRIu64, name, field_u64(s, f) / 1000);
}

static void put_counter(struct hook_env *e, const char *name, const struct control_status *s,
			const struct field_spec *f)
{
	put(e, "%s=%" PRIu64, name, field_u64(s, f));
}

static void put_wanted(struct hook_env *e, const char *name, const struct control_status *s,
		       const struct field_spec *f)
{
	put(e, "%s=%s", name, field_flag(s, f) ? "yes" : "no");
}

/* A variable with the value of a field; NAME NULL = what the table calls it. */
struct variable {
	const char *name;
	enum field_id field;
};

static void put_variable(struct hook_env *e, const struct control_status *s,
			 const struct variable *v)
{
	static void (*const writers[FIELD_KIND_COUNT])(struct hook_env *, const char *,
						       const struct control_status *,
						       const struct field_spec *) = {
		[FIELD_IS_TEXT] = put_string,	[FIELD_IS_PAIR] = put_two,
		[FIELD_IS_NUMBER] = put_number, [FIELD_IS_SPAN] = put_span,
		[FIELD_IS_WANTED] = put_wanted, [FIELD_IS_COUNTER] = put_counter,
	};
	const struct field_spec *f = &fields_known[v->field];

	writers[f->kind](e, v->name ? v->name : f->variable, s, f);
}

#define PUT_VARIABLES(e, s, table) put_variables(e, s, table, sizeof(table) / sizeof((table)[0]))

static void put_variables(struct hook_env *e, const struct control_status *s,
			  const struct variable *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_variable(e, s, &table[i]);
}

static void start(struct hook_env *e)
{
	e->count = e->len = 0;
	e->strings[0] = NULL;
	put(e, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

static void put_connection(struct hook_env *e, const struct hook_facts *f)
{
	char uuid[HOOK_UUID_LEN], file[PATH_MAX];

	if (!realpath(f->profile->file, file))
		snprintf(file, sizeof file, "%s", f->profile->file);
	hook_uuid(file, uuid);
	put(e, "CONNECTION_UUID=%s", uuid);
	put_text(e, "CONNECTION_ID", f->profile->name);
	put_text(e, "CONNECTION_FILENAME", file);
}

static unsigned prefix_of(const struct sockaddr *mask)
{
	const uint8_t *octets = mask ? address_octets(mask) : NULL;
	unsigned bits = 0;

	for (size_t i = 0; mask && i < address_size(mask); i++)
		bits += (unsigned)__builtin_popcount(octets[i]);
	return bits;
}

/* IP4_ or IP6_: addresses of the interface that carries the tunnel. */
static void put_carrier_family(struct hook_env *e, const struct ifaddrs *list,
			       const struct host_path *path, int family)
{
	char digit = family == AF_INET ? '4' : '6', text[INET6_ADDRSTRLEN],
	     gateway[INET6_ADDRSTRLEN] = "";
	unsigned n = 0;

	if (path->has_gateway && path->gateway.ss_family == family)
		address_text(&path->gateway, gateway, sizeof gateway);
	for (const struct ifaddrs *a = list; a && n < CARRIER_MAX; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != family ||
		    strcmp(a->ifa_name, path->ifname) != 0)
			continue;
		address_text(a->ifa_addr, text, sizeof text);
		put(e, "IP%c_ADDRESS_%u=%s/%u %s", digit, n++, text, prefix_of(a->ifa_netmask),
		    gateway[0]		? gateway
		    : family == AF_INET ? "0.0.0.0"
					: "::");
	}
	if (n)
		put(e, "IP%c_NUM_ADDRESSES=%u", digit, n);
	if (gateway[0])
		put(e, "IP%c_GATEWAY=%s", digit, gateway);
}

static void put_carrier(struct hook_env *e, const struct hook_facts *f)
{
	struct ifaddrs *list = NULL;

	if (!f->carrier || !f->carrier->ifname[0])
		return;
	put(e, "DEVICE_IFACE=%s", f->carrier->ifname);
	put(e, "DEVICE_IP_IFACE=%s", f->carrier->ifname);
	if (getifaddrs(&list) < 0)
		return;
	put_carrier_family(e, list, f->carrier, AF_INET);
	put_carrier_family(e, list, f->carrier, AF_INET6);
	freeifaddrs(list);
}

static void put_routes(struct hook_env *e, const struct hook_facts *f, int family)
{
	char digit = family == AF_INET ? '4' : '6', dst[INET6_ADDRSTRLEN], hop[INET_ADDRSTRLEN];
	unsigned n = 0;

	if (family == AF_INET && f->status->default_route)
		put(e, "VPN_IP4_ROUTE_%u=0.0.0.0/0 0.0.0.0 0", n++);
	for (size_t i = 0; i < f->route_count; i++) {
		const struct route *r = &f->routes[i];

		if (r->family != family)
			continue;
		inet_ntop(family, family == AF_INET ? (const void *)&r->dst4 : &r->dst6, dst,
			  sizeof dst);
		inet_ntop(AF_INET, &r->gateway4, hop, sizeof hop);
		put(e, "VPN_IP%c_ROUTE_%u=%s/%u %s %u", digit, n++, dst, r->prefix_len,
		    r->has_gateway	? hop
		    : family == AF_INET ? "0.0.0.0"
					: "::",
		    r->metric);
	}
	put(e, "VPN_IP%c_NUM_ROUTES=%u", digit, n);
}

static void put_tunnel(struct hook_env *e, const struct hook_facts *f)
{
	const struct control_status *s = f->status;

	put_variable(e, s, &(struct variable){"VPN_IP_IFACE", FIELD_INTERFACE});
	if (s->local[0]) {
		put(e, "VPN_IP4_ADDRESS_0=%s/32 %s", s->local,
		    s->remote[0] ? s->remote : "0.0.0.0");
		put(e, "VPN_IP4_NUM_ADDRESSES=1");
		put_text(e, "VPN_IP4_GATEWAY", s->remote);
		put_routes(e, f, AF_INET);
	}
	put_variable(e, s, &(struct variable){"VPN_IP4_NAMESERVERS", FIELD_DNS});
	put_text(e, "VPN_IP4_DOMAINS", s->domain[0] ? s->domain : f->profile->search_domains);
	put_variable(e, s, &(struct variable){"VPN_IP4_WINS_SERVERS", FIELD_WINS});
	if (s->local6[0]) {
		put(e, "VPN_IP6_ADDRESS_0=%s/64 %s", s->local6, s->remote6[0] ? s->remote6 : "::");
		put(e, "VPN_IP6_NUM_ADDRESSES=1");
		put_text(e, "VPN_IP6_GATEWAY", s->remote6);
		put_routes(e, f, AF_INET6);
	}
}

bool hook_action_ends(enum hook_action action)
{
	return action == HOOK_PRE_DOWN || action == HOOK_DOWN;
}

static void put_own(struct hook_env *e, enum hook_action action, const struct hook_facts *f)
{
	static const struct variable always[] = {
		{NULL, FIELD_TYPE},
		{NULL, FIELD_SERVER},
		{NULL, FIELD_SERVER_ADDRESS},
		{NULL, FIELD_USER},
		{NULL, FIELD_MTU},
		{NULL, FIELD_MRU},
		{NULL, FIELD_ENCODING},
		{NULL, FIELD_IPSEC},
		{NULL, FIELD_AUTHENTICATION},
		{NULL, FIELD_PEER_HOST},
		{NULL, FIELD_PEER_VENDOR},
		{NULL, FIELD_DNS_WAY},
		{NULL, FIELD_DEFAULT_ROUTE},
		{NULL, FIELD_PID},
	};
	static const struct variable ends[] = {
		{NULL, FIELD_UPTIME}, {NULL, FIELD_SENT}, {NULL, FIELD_RECEIVED}};

	PUT_VARIABLES(e, f->status, always);
	if (!hook_action_ends(action))
		return;
	PUT_VARIABLES(e, f->status, ends);
	if (f->reason) {
		put(e, "VPDIAL_REASON_CODE=%d", (int)f->reason->code);
		put_text(e, "VPDIAL_REASON", f->reason->text);
	}
}

void hook_env_dispatcher(struct hook_env *e, enum hook_action action, const struct hook_facts *f)
{
	start(e);
	put(e, "NM_DISPATCHER_ACTION=%s", hook_action_name(action));
	put_connection(e, f);
	put_own(e, action, f);
	put_tunnel(e, f); /* last what may be long */
	put_carrier(e, f);
}

void hook_env_pppd(struct hook_env *e, enum hook_action action, const struct hook_facts *f)
{
	static const struct variable link[] = {
		{"IFNAME", FIELD_INTERFACE}, {"IPLOCAL", FIELD_LOCAL},
		{"IPREMOTE", FIELD_REMOTE},  {"LLLOCAL", FIELD_LOCAL6},
		{"LLREMOTE", FIELD_REMOTE6}, {"PEERNAME", FIELD_SERVER},
	};
	static const struct variable ends[] = {{"CONNECT_TIME", FIELD_UPTIME},
					       {"BYTES_SENT", FIELD_SENT},
					       {"BYTES_RCVD", FIELD_RECEIVED}};
	const struct control_status *s = f->status;

	start(e);
	put_text(e, "DEVICE", "-");
	put(e, "SPEED=0");
	PUT_VARIABLES(e, s, link);
	put_text(e, "LINKNAME", f->profile->name);
	put_text(e, "CALL_FILE", f->profile->name);
	put_text(e, "PPPLOGNAME", getuid() == 0 ? "root" : NULL);
	put(e, "ORIG_UID=%u", (unsigned)getuid());
	put_variable(e, s, &(struct variable){"PPPD_PID", FIELD_PID});
	if (f->profile->use_peer_dns != CONF_PEER_DNS_NO)
		put(e, "USEPEERDNS=1");
	put_text(e, "DNS1", s->dns[0]);
	put_text(e, "DNS2", s->dns[1]);
	put_text(e, "WINS1", s->wins[0]);
	put_text(e, "WINS2", s->wins[1]);
	if (hook_action_ends(action))
		PUT_VARIABLES(e, s, ends);
}
