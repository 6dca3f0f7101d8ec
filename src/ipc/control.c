/* SPDX-License-Identifier: MIT */
/* Control socket: where it is, its words, and the judgement of a status record. */
#include "ipc/control.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

const char *control_phase_text(enum control_phase phase)
{
	switch (phase) {
	case CONTROL_DIALING:
		return "dialing";
	case CONTROL_VERIFYING:
		return "verifying password...";
	case CONTROL_CONNECTED:
		return "connected";
	case CONTROL_TERMINATED:
		return "terminated";
	}
	return "unknown";
}

const char *control_state_text(enum control_state state)
{
	static const char *const texts[CONTROL_STATE_COUNT] = {
		[CONTROL_STATE_RESOLVING] = "resolving",
		[CONTROL_STATE_CONNECTING] = "connecting",
		[CONTROL_STATE_CALLING] = "calling",
		[CONTROL_STATE_NEGOTIATING] = "negotiating",
		[CONTROL_STATE_AUTHENTICATING] = "authenticating",
		[CONTROL_STATE_NETWORK] = "network",
		[CONTROL_STATE_CONFIGURING] = "configuring",
		[CONTROL_STATE_UP] = "up",
		[CONTROL_STATE_WAITING] = "waiting-to-redial",
		[CONTROL_STATE_DEMAND] = "waiting-for-traffic",
		[CONTROL_STATE_HANGING_UP] = "hanging-up",
		[CONTROL_STATE_DOWN] = "down",
	};

	return (unsigned)state < CONTROL_STATE_COUNT ? texts[state] : "unknown";
}

const char *control_route_from_text(enum control_route_from from)
{
	static const char *const texts[CONTROL_ROUTE_FROM_COUNT] = {
		[CONTROL_ROUTE_PROFILE] = "profile", [CONTROL_ROUTE_DHCP] = "dhcp",
		[CONTROL_ROUTE_CLASS] = "class",     [CONTROL_ROUTE_DEFAULT] = "default",
		[CONTROL_ROUTE_DNS] = "dns",
	};

	return (unsigned)from < CONTROL_ROUTE_FROM_COUNT ? texts[from] : "unknown";
}

const char *control_effect_text(enum control_effect effect)
{
	static const char *const texts[CONTROL_EFFECT_COUNT] = {
		[CONTROL_EFFECT_LINK] = "interface",
		[CONTROL_EFFECT_LOCAL] = "local-address",
		[CONTROL_EFFECT_REMOTE] = "remote-address",
		[CONTROL_EFFECT_DEFAULT] = "default-route",
		[CONTROL_EFFECT_DNS] = "dns",
		[CONTROL_EFFECT_IPV6] = "ipv6",
	};

	return (unsigned)effect < CONTROL_EFFECT_COUNT ? texts[effect] : "unknown";
}

int control_address(struct sockaddr_un *addr, const char *run_dir, const char *name)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/%s.sock", run_dir, name) >=
	    (int)sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

/* In a directory where everybody may write, only what is our own is to be trusted. */
static int trusted_directory(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

int control_run_dir(char *out, size_t cap, const char *dir)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	int n, r = 0;

	if (dir)
		n = snprintf(out, cap, "%s", dir);
	else if (geteuid() == 0)
		n = snprintf(out, cap, CONTROL_SYSTEM_DIR);
	else if (xdg && *xdg == '/')
		n = snprintf(out, cap, "%s/vpdial", xdg);
	else {
		n = snprintf(out, cap, "/tmp/vpdial-%u", (unsigned)geteuid());
		r = n < (int)cap ? trusted_directory(out) : 0;
	}
	return n < (int)cap ? r : -ENAMETOOLONG;
}

/* A field of the record that must be a terminated text, or an octet that must be 0 or 1. */
struct control_field {
	size_t offset, len;
};

#define FIELD(f)                                                                               \
	{                                                                                      \
		offsetof(struct control_status, f), sizeof(((struct control_status *)NULL)->f) \
	}

static const struct control_field texts[] = {
	FIELD(profile),	   FIELD(type),		  FIELD(ifname),      FIELD(server),
	FIELD(user),	   FIELD(server_address), FIELD(encoding),    FIELD(auth_method),
	FIELD(local),	   FIELD(remote),	  FIELD(local6),      FIELD(remote6),
	FIELD(dns[0]),	   FIELD(dns[1]),	  FIELD(wins[0]),     FIELD(wins[1]),
	FIELD(dns_way),	   FIELD(peer_host),	  FIELD(peer_vendor), FIELD(message),
	FIELD(ended.text), FIELD(last_end.text),  FIELD(domain),
};

static const struct control_field booleans[] = {FIELD(default_route), FIELD(server_pinned),
						FIELD(echo_known)};

static uint32_t field_u32(const uint8_t *record, size_t offset)
{
	uint32_t v;

	memcpy(&v, record + offset, sizeof(v));
	return v;
}

static bool routes_are_valid(const uint8_t *p)
{
	uint32_t count = field_u32(p, offsetof(struct control_status, route_count));

	if (count > CONTROL_ROUTES_MAX)
		return false;
	p += offsetof(struct control_status, routes);
	for (uint32_t i = 0; i < count; i++, p += sizeof(struct control_route))
		if (!memchr(p + offsetof(struct control_route, dst), '\0',
			    sizeof(((struct control_route *)NULL)->dst)) ||
		    !memchr(p + offsetof(struct control_route, why_not), '\0', CONTROL_WHY_MAX) ||
		    field_u32(p, offsetof(struct control_route, from)) >= CONTROL_ROUTE_FROM_COUNT)
			return false;
	return true;
}

bool control_status_valid(const void *record, size_t len)
{
	const uint8_t *p = record;

	if (len != sizeof(struct control_status) ||
	    field_u32(p, offsetof(struct control_status, magic)) != CONTROL_MAGIC ||
	    field_u32(p, offsetof(struct control_status, version)) != CONTROL_VERSION ||
	    field_u32(p, offsetof(struct control_status, size)) != len ||
	    field_u32(p, offsetof(struct control_status, phase)) > CONTROL_TERMINATED ||
	    field_u32(p, offsetof(struct control_status, state)) >= CONTROL_STATE_COUNT ||
	    field_u32(p, offsetof(struct control_status, ended.code)) > EXIT_AUTH_FAILED ||
	    field_u32(p, offsetof(struct control_status, last_end.code)) > EXIT_AUTH_FAILED)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!memchr(p + texts[i].offset, '\0', texts[i].len))
			return false;
	for (size_t i = 0; i < CONTROL_EFFECT_COUNT; i++)
		if (!memchr(p + offsetof(struct control_status, why_not) + i * CONTROL_WHY_MAX,
			    '\0', CONTROL_WHY_MAX))
			return false;
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++)
		if (p[booleans[i].offset] > 1)
			return false;
	return routes_are_valid(p);
}
