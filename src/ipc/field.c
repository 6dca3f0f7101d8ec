/* SPDX-License-Identifier: MIT */
/* The table of what a status knows. */
#include "ipc/field.h"

#include "base/clock.h"

#include <string.h>

#define AT(member)                                         \
	.offset = offsetof(struct control_status, member), \
	.len = sizeof(((struct control_status *)NULL)->member)
#define WHY(effect) .why = offsetof(struct control_status, why_not) + (effect)*CONTROL_WHY_MAX

/* clang-format off */
const struct field_spec fields_known[FIELD_COUNT] = {
	[FIELD_PROFILE] = {.name = "profile", .kind = FIELD_IS_TEXT, AT(profile)},
	[FIELD_TYPE] = {.name = "type", .label = "type", .variable = "VPDIAL_PROTOCOL",
		.kind = FIELD_IS_TEXT, AT(type)},
	[FIELD_STATUS] = {.name = "status", .label = "status", .kind = FIELD_IS_PHASE, AT(phase)},
	[FIELD_STATE] = {.name = "state", .label = "state", .kind = FIELD_IS_STATE, AT(state)},
	[FIELD_UPTIME] = {.name = "uptime", .unit = "s", .label = "uptime",
		.variable = "VPDIAL_UPTIME", .kind = FIELD_IS_SPAN, AT(uptime_ms)},
	[FIELD_IDLE] = {.name = "idle", .unit = "s", .label = "idle-time", .kind = FIELD_IS_SPAN,
		AT(idle_ms)},
	[FIELD_ENCODING] = {.name = "encoding", .label = "encoding", .variable = "VPDIAL_ENCODING",
		.kind = FIELD_IS_TEXT, AT(encoding), .of_call = true},
	[FIELD_IPSEC] = {.name = "ipsec", .label = "ipsec", .variable = "VPDIAL_IPSEC",
		.kind = FIELD_IS_TEXT, AT(ipsec), .of_call = true},
	[FIELD_MTU] = {.name = "mtu", .label = "mtu", .variable = "VPDIAL_MTU",
		.kind = FIELD_IS_NUMBER, AT(mtu), .of_call = true},
	[FIELD_MRU] = {.name = "mru", .label = "mru", .variable = "VPDIAL_MRU",
		.kind = FIELD_IS_NUMBER, AT(mru), .of_call = true},
	[FIELD_LINK_MTU] = {.name = "link_mtu", .label = "link-mtu", .kind = FIELD_IS_NUMBER,
		AT(link_mtu), .of_call = true},
	[FIELD_MRRU] = {.name = "mrru", .label = "mrru", .kind = FIELD_IS_NUMBER, AT(mrru), .of_call = true},
	[FIELD_PID] = {.name = "pid", .variable = "VPDIAL_PID", .kind = FIELD_IS_NUMBER, AT(pid)},
	[FIELD_ATTEMPT] = {.name = "attempt", .label = "attempt", .kind = FIELD_IS_NUMBER,
		AT(attempt)},
	[FIELD_CALLS] = {.name = "calls", .kind = FIELD_IS_COUNT, AT(calls)},
	[FIELD_NEXT_DIAL] = {.name = "next_dial", .unit = "s", .label = "next-dial",
		.kind = FIELD_IS_SECONDS, AT(next_dial_s)},
	[FIELD_SERVER] = {.name = "server", .label = "server", .variable = "VPDIAL_SERVER",
		.kind = FIELD_IS_TEXT, AT(server)},
	[FIELD_SERVER_ADDRESS] = {.name = "server_address", .variable = "VPDIAL_SERVER_ADDRESS",
		.kind = FIELD_IS_TEXT, AT(server_address)},
	[FIELD_PEER_HOST] = {.object = "peer", .name = "host", .label = "peer",
		.variable = "VPDIAL_PEER_HOST", .kind = FIELD_IS_TEXT, AT(peer_host)},
	[FIELD_PEER_VENDOR] = {.object = "peer", .name = "vendor", .variable = "VPDIAL_PEER_VENDOR",
		.kind = FIELD_IS_TEXT, AT(peer_vendor)},
	[FIELD_PEER_MRRU] = {.object = "peer", .name = "mrru", .kind = FIELD_IS_NUMBER,
		AT(peer_mrru), .of_call = true},
	[FIELD_USER] = {.name = "user", .label = "user", .variable = "VPDIAL_USER",
		.kind = FIELD_IS_TEXT, AT(user)},
	[FIELD_AUTHENTICATION] = {.name = "authentication", .label = "authentication",
		.variable = "VPDIAL_AUTHENTICATION", .kind = FIELD_IS_TEXT, AT(auth_method), .of_call = true},
	[FIELD_INTERFACE] = {.name = "interface", .label = "interface", .kind = FIELD_IS_TEXT,
		AT(ifname), WHY(CONTROL_EFFECT_LINK)},
	[FIELD_LOCAL] = {.name = "local_address", .label = "local-address", .kind = FIELD_IS_TEXT,
		AT(local), WHY(CONTROL_EFFECT_LOCAL)},
	[FIELD_REMOTE] = {.name = "remote_address", .label = "remote-address",
		.kind = FIELD_IS_TEXT, AT(remote), WHY(CONTROL_EFFECT_REMOTE)},
	[FIELD_LOCAL6] = {.name = "local_address6", .label = "local-address6",
		.kind = FIELD_IS_TEXT, AT(local6)},
	[FIELD_REMOTE6] = {.name = "remote_address6", .label = "remote-address6",
		.kind = FIELD_IS_TEXT, AT(remote6)},
	[FIELD_DNS] = {.name = "dns", .label = "dns", .kind = FIELD_IS_PAIR, AT(dns),
		WHY(CONTROL_EFFECT_DNS)},
	[FIELD_DNS_WAY] = {.name = "dns_way", .variable = "VPDIAL_DNS_WAY", .kind = FIELD_IS_TEXT,
		AT(dns_way)},
	[FIELD_WINS] = {.name = "wins", .label = "wins", .kind = FIELD_IS_PAIR, AT(wins)},
	[FIELD_DOMAIN] = {.name = "domain", .label = "domain", .kind = FIELD_IS_TEXT, AT(domain)},
	[FIELD_ROUTES] = {.name = "routes", .label = "route", .kind = FIELD_IS_ROUTES, AT(routes)},
	[FIELD_DEFAULT_ROUTE] = {.name = "default_route", .label = "default-route",
		.variable = "VPDIAL_DEFAULT_ROUTE", .kind = FIELD_IS_WANTED, AT(default_route),
		WHY(CONTROL_EFFECT_DEFAULT)},
	[FIELD_FAULTS] = {.name = "not_in_effect", .kind = FIELD_IS_FAULTS, AT(why_not)},
	[FIELD_PINNED] = {.name = "server_pinned", .kind = FIELD_IS_FLAG, AT(server_pinned)},
	[FIELD_ECHO] = {.name = "echo", .unit = "ms", .label = "echo-time", .kind = FIELD_IS_ECHO,
		AT(echo_rtt_ms)},
	[FIELD_ECHO_MIN] = {.name = "echo_min", .unit = "ms", .kind = FIELD_IS_ECHO,
		AT(echo_min_ms)},
	[FIELD_ECHO_AVG] = {.name = "echo_avg", .unit = "ms", .kind = FIELD_IS_ECHO,
		AT(echo_avg_ms)},
	[FIELD_ECHO_JITTER] = {.name = "echo_jitter", .unit = "ms", .kind = FIELD_IS_ECHO,
		AT(echo_jitter_ms)},
	[FIELD_ECHO_COUNT] = {.name = "echo_count", .kind = FIELD_IS_COUNT, AT(echo_count)},
	[FIELD_TIMES] = {.name = "state", .unit = "ms", .kind = FIELD_IS_TIMES, AT(state_ms)},
	[FIELD_COUNTERS] = {.name = "counters", .label = "dropped", .kind = FIELD_IS_COUNTERS,
		AT(counters)},
	[FIELD_MESSAGE] = {.name = "message", .label = "message", .kind = FIELD_IS_TEXT,
		AT(message)},
	[FIELD_ENDED] = {.name = "ended", .label = "reason", .kind = FIELD_IS_REASON, AT(ended)},
	[FIELD_LAST_END] = {.name = "last_end", .label = "last-end", .kind = FIELD_IS_REASON,
		AT(last_end)},
	[FIELD_ECHO_KNOWN] = {.kind = FIELD_IS_FLAG, AT(echo_known)},
	[FIELD_IPV6] = {.label = "ipv6", WHY(CONTROL_EFFECT_IPV6)},
	[FIELD_SENT] = {.label = "sent", .variable = "VPDIAL_BYTES_SENT", .kind = FIELD_IS_COUNTER,
		AT(counters.tx_bytes)},
	[FIELD_RECEIVED] = {.label = "received", .variable = "VPDIAL_BYTES_RECEIVED",
		.kind = FIELD_IS_COUNTER, AT(counters.rx_bytes)},
	[FIELD_LOST] = {.label = "lost", .kind = FIELD_IS_COUNTER, AT(counters.rx_lost)},
	[FIELD_FRAGMENTS] = {.label = "fragments", .kind = FIELD_IS_COUNTER, AT(counters.mp_tx)},
};
/* clang-format on */

const char *field_string(const void *record, const struct field_spec *field)
{
	return (const char *)record + field->offset;
}

uint32_t field_u32(const void *record, const struct field_spec *field)
{
	uint32_t v;

	memcpy(&v, field_string(record, field), sizeof(v));
	return v;
}

uint64_t field_u64(const void *record, const struct field_spec *field)
{
	uint64_t v;

	memcpy(&v, field_string(record, field), sizeof(v));
	return v;
}

bool field_flag(const void *record, const struct field_spec *field)
{
	return *field_string(record, field) != 0;
}

const char *field_why(const struct control_status *status, const struct field_spec *field)
{
	return field->why && status->phase == CONTROL_CONNECTED ? (const char *)status + field->why
								: "";
}

bool field_counts(const struct control_status *status, const struct field_spec *field)
{
	return !field->of_call || status->phase == CONTROL_CONNECTED;
}

/* --- for people */

static void say_text(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	str_printf(out, "%s", field_string(s, f));
}

static void say_pair(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	const char *a = field_string(s, f), *b = a + f->len / 2;

	str_printf(out, "%s%s%s", a, *a && *b ? ", " : "", b);
}

static void say_count(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	str_printf(out, "%u", field_u32(s, f));
}

static void say_number(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	if (field_u32(s, f))
		say_count(out, s, f);
}

static void say_span(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	char buf[32];

	if (s->phase == CONTROL_CONNECTED)
		str_printf(out, "%s", duration_format(buf, sizeof(buf), field_u64(s, f) / 1000));
}

static void say_seconds(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	char buf[32];

	if (field_u32(s, f))
		str_printf(out, "%s", duration_format(buf, sizeof(buf), field_u32(s, f)));
}

/* What is wanted and not in effect is said by its `why`. */
static void say_wanted(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	if (s->phase == CONTROL_CONNECTED && !*field_why(s, f))
		str_printf(out, "%s", field_flag(s, f) ? "yes" : "no");
}

static void say_phase(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	str_printf(out, "%s", control_phase_text((enum control_phase)field_u32(s, f)));
}

static void say_state(struct str *out, const struct control_status *s, const struct field_spec *f)
{
	str_printf(out, "%s", control_state_text((enum control_state)field_u32(s, f)));
}

void field_text(struct str *out, const struct control_status *status,
		const struct field_spec *field)
{
	static void (*const say[FIELD_KIND_COUNT])(struct str *, const struct control_status *,
						   const struct field_spec *) = {
		[FIELD_IS_TEXT] = say_text,	[FIELD_IS_PAIR] = say_pair,
		[FIELD_IS_NUMBER] = say_number, [FIELD_IS_COUNT] = say_count,
		[FIELD_IS_SPAN] = say_span,	[FIELD_IS_SECONDS] = say_seconds,
		[FIELD_IS_WANTED] = say_wanted, [FIELD_IS_PHASE] = say_phase,
		[FIELD_IS_STATE] = say_state,
	};

	if (say[field->kind] && field_counts(status, field))
		say[field->kind](out, status, field);
}

/* --- is it valid? */

static bool ends(const void *record, size_t offset, size_t len)
{
	return memchr((const char *)record + offset, '\0', len) != NULL;
}

static uint32_t word(const void *record, size_t offset)
{
	uint32_t v;

	memcpy(&v, (const char *)record + offset, sizeof(v));
	return v;
}

static bool text_is_valid(const void *record, const struct field_spec *f)
{
	return ends(record, f->offset, f->len);
}

static bool pair_is_valid(const void *record, const struct field_spec *f)
{
	return ends(record, f->offset, f->len / 2) &&
	       ends(record, f->offset + f->len / 2, f->len / 2);
}

static bool flag_is_valid(const void *record, const struct field_spec *f)
{
	return ((const uint8_t *)record)[f->offset] <= 1;
}

static bool phase_is_valid(const void *record, const struct field_spec *f)
{
	return field_u32(record, f) <= CONTROL_TERMINATED;
}

static bool state_is_valid(const void *record, const struct field_spec *f)
{
	return field_u32(record, f) < CONTROL_STATE_COUNT;
}

static bool faults_are_valid(const void *record, const struct field_spec *f)
{
	for (size_t at = 0; at < f->len; at += CONTROL_WHY_MAX)
		if (!ends(record, f->offset + at, CONTROL_WHY_MAX))
			return false;
	return true;
}

static bool reason_is_valid(const void *record, const struct field_spec *f)
{
	return word(record, f->offset + offsetof(struct reason, code)) <= EXIT_AUTH_FAILED &&
	       ends(record, f->offset + offsetof(struct reason, text), REASON_TEXT_MAX);
}

static bool routes_are_valid(const void *record, const struct field_spec *f)
{
	uint32_t count = word(record, offsetof(struct control_status, route_count));
	const struct control_route *none = NULL;
	size_t at = f->offset;

	if (count > CONTROL_ROUTES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++, at += sizeof(*none))
		if (!ends(record, at + offsetof(struct control_route, dst), sizeof(none->dst)) ||
		    !ends(record, at + offsetof(struct control_route, why_not), CONTROL_WHY_MAX) ||
		    word(record, at + offsetof(struct control_route, from)) >=
			    CONTROL_ROUTE_FROM_COUNT)
			return false;
	return true;
}

bool field_is_valid(const void *record, const struct field_spec *field)
{
	static bool (*const judges[FIELD_KIND_COUNT])(const void *, const struct field_spec *) = {
		[FIELD_IS_TEXT] = text_is_valid,      [FIELD_IS_PAIR] = pair_is_valid,
		[FIELD_IS_FLAG] = flag_is_valid,      [FIELD_IS_WANTED] = flag_is_valid,
		[FIELD_IS_PHASE] = phase_is_valid,    [FIELD_IS_STATE] = state_is_valid,
		[FIELD_IS_FAULTS] = faults_are_valid, [FIELD_IS_REASON] = reason_is_valid,
		[FIELD_IS_ROUTES] = routes_are_valid,
	};

	return !judges[field->kind] || judges[field->kind](record, field);
}
