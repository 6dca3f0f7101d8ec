/* SPDX-License-Identifier: MIT */
/* The meanings of L2TP's result, error and disconnect codes (RFC 2661 section 4.4.2, RFC 3145). */
#include "wire/avp.h"

#define TEXT_OF(texts, code, unknown) \
	((code) < sizeof(texts) / sizeof(texts)[0] && (texts)[code] ? (texts)[code] : (unknown))

const char *l2tp_stopccn_text(unsigned result)
{
	static const char *const texts[] = {
		[1] = "no special reason",
		[2] = "general error",
		[3] = "a control connection exists already",
		[4] = "not authorized to set up a tunnel",
		[5] = "protocol version not supported",
		[6] = "shutting down",
		[7] = "unexpected message",
	};
	return TEXT_OF(texts, result, "unknown result");
}

const char *l2tp_cdn_text(unsigned result)
{
	static const char *const texts[] = {
		[1] = "carrier lost",
		[2] = "general error",
		[3] = "administrative reasons",
		[4] = "no facilities at the moment",
		[5] = "no such facilities",
		[6] = "invalid destination",
		[7] = "no carrier",
		[8] = "busy",
		[9] = "no dial tone",
		[10] = "the call took too long to set up",
		[11] = "no framing was found",
	};
	return TEXT_OF(texts, result, "unknown result");
}

const char *l2tp_error_text(unsigned error)
{
	static const char *const texts[] = {
		[0] = "no error",
		[1] = "no control connection yet",
		[2] = "a wrong length",
		[3] = "a bad value",
		[4] = "not enough resources",
		[5] = "a bad session id",
		[6] = "an error of the vendor's own",
		[7] = "try another server",
		[8] = "an unknown mandatory AVP",
	};
	return TEXT_OF(texts, error, "unknown error");
}

const char *l2tp_cause_text(unsigned code)
{
	static const char *const texts[] = {
		/* RFC 3145 section 3.1: of everything */
		[0] = "no information",
		[1] = "administrative disconnect",
		[2] = "LCP may not be negotiated anew",
		[3] = "normal disconnect",
		/* 3.2: of LCP */
		[4] = "encryption was required and refused",
		[5] = "LCP timed out",
		[6] = "no LCP packets came",
		[7] = "the link seems to be looped back",
		[8] = "LCP echoes were not answered",
		[9] = "endpoint discriminator does not fit the bundle",
		[10] = "MRRU does not fit the bundle",
		[11] = "sequence number option does not fit the bundle",
		[12] = "callback was required and refused",
		/* 3.3: of authentication */
		[13] = "authentication timed out",
		[14] = "user name does not fit the bundle",
		[15] = "authentication protocol not acceptable",
		[16] = "authentication failed: user name or password wrong",
		/* 3.4: of network protocols */
		[17] = "network protocol timed out",
		[18] = "no network protocol available",
		[19] = "no acceptable addresses were agreed",
		[20] = "the user may not use any address",
	};
	return TEXT_OF(texts, code, "unknown cause");
}
