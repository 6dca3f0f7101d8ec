/* SPDX-License-Identifier: MIT */
/* Reasons: the exit statuses' meanings and the setting of the first true reason. */
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

void reason_set(struct reason *r, enum exit_status code, const char *fmt, ...)
{
	va_list ap;

	if (reason_is_set(r))
		return;
	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
}

struct exit_meaning {
	const char *text;
	bool permanent; /* see reason_is_permanent() */
};

static const struct exit_meaning exit_meanings[] = {
	[EXIT_OK] = {"success, or ended by request after a success", true},
	[EXIT_FATAL] = {"internal fault or out of memory", false},
	[EXIT_OPTIONS] = {"error in options or in the profile", true},
	[EXIT_NOT_PERMITTED] = {"a privilege is missing", true},
	[EXIT_NO_DEVICE] = {"no TUN device", true},
	[EXIT_SIGNAL] = {"ended by a signal", true},
	[EXIT_BUSY] = {"the profile is already connected", true},
	[EXIT_OPEN_FAILED] = {"a socket or the interface could not be opened", false},
	[EXIT_CONNECT_FAILED] = {"the server could not be reached", false},
	[EXIT_PTY_FAILED] = {"the program could not be started", true},
	[EXIT_NEGOTIATION_FAILED] = {"PPP negotiation failed", false},
	[EXIT_PEER_AUTH_FAILED] = {"the server failed to prove itself", true},
	[EXIT_IDLE_TIMEOUT] = {"idle timeout", true},
	[EXIT_CONNECT_TIME] = {"session time limit reached", true},
	[EXIT_CALLBACK] = {"callback was negotiated", true},
	[EXIT_PEER_DEAD] = {"the server does not answer any more", false},
	[EXIT_HANGUP] = {"the call was hung up by the server or the network", false},
	[EXIT_LOOPBACK] = {"link or route loop", true},
	[EXIT_INIT_FAILED] = {"a pre-up hook failed", true},
	[EXIT_AUTH_FAILED] = {"the server did not accept user or password", true},
};

static const struct exit_meaning *meaning_of(enum exit_status code)
{
	static const struct exit_meaning unknown = {"unknown exit status", true};
	size_t n = sizeof exit_meanings / sizeof exit_meanings[0];

	return (unsigned)code < n && exit_meanings[code].text ? &exit_meanings[code] : &unknown;
}

const char *exit_status_text(enum exit_status code)
{
	return meaning_of(code)->text;
}

bool reason_is_permanent(const struct reason *r)
{
	return meaning_of(r->code)->permanent;
}
