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

static const char *const exit_texts[] = {
	[EXIT_OK] = "success, or ended by request after a success",
	[EXIT_FATAL] = "internal fault or out of memory",
	[EXIT_OPTIONS] = "error in options or in the profile",
	[EXIT_NOT_PERMITTED] = "a privilege is missing",
	[EXIT_NO_DEVICE] = "no TUN device",
	[EXIT_SIGNAL] = "ended by a signal",
	[EXIT_BUSY] = "the profile is already connected",
	[EXIT_OPEN_FAILED] = "a socket or the interface could not be opened",
	[EXIT_CONNECT_FAILED] = "the server could not be reached",
	[EXIT_PTY_FAILED] = "the program could not be started",
	[EXIT_NEGOTIATION_FAILED] = "PPP negotiation failed",
	[EXIT_PEER_AUTH_FAILED] = "the server failed to prove itself",
	[EXIT_IDLE_TIMEOUT] = "idle timeout",
	[EXIT_CONNECT_TIME] = "session time limit reached",
	[EXIT_CALLBACK] = "callback was negotiated",
	[EXIT_PEER_DEAD] = "the server does not answer any more",
	[EXIT_HANGUP] = "the call was hung up by the server or the network",
	[EXIT_LOOPBACK] = "link or route loop",
	[EXIT_INIT_FAILED] = "a pre-up hook failed",
	[EXIT_AUTH_FAILED] = "the server did not accept user or password",
};

const char *exit_status_text(enum exit_status code)
{
	size_t n = sizeof exit_texts / sizeof exit_texts[0];

	if ((unsigned)code >= n || !exit_texts[code])
		return "unknown exit status";
	return exit_texts[code];
}
