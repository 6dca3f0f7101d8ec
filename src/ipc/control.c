/* SPDX-License-Identifier: MIT */
/* Control socket: where it is, its words, and the judgement of a status record. */
#include "ipc/control.h"

#include "ipc/field.h"

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
		[CONTROL_STATE_SECURING] = "securing",
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
	size_t why = offsetof(struct control_status, why_not) + (size_t)effect * CONTROL_WHY_MAX;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (fields_known[i].why == why)
			return fields_known[i].label;
	return "unknown";
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

static uint32_t head(const void *record, size_t offset)
{
	uint32_t v;

	memcpy(&v, (const char *)record + offset, sizeof(v));
	return v;
}

bool control_status_valid(const void *record, size_t len)
{
	if (len != sizeof(struct control_status) ||
	    head(record, offsetof(struct control_status, magic)) != CONTROL_MAGIC ||
	    head(record, offsetof(struct control_status, version)) != CONTROL_VERSION ||
	    head(record, offsetof(struct control_status, size)) != len)
		return false;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (!field_is_valid(record, &fields_known[i]))
			return false;
	return true;
}
