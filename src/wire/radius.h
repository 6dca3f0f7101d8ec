/* SPDX-License-Identifier: MIT */
/* RADIUS packets: header and attributes (RFC 2865 sections 3 and 5), vendors' attributes inside 26
 * (RFC 2548).  Pure; what is signed or hidden is radius/sign.h's. */
#ifndef VPDIAL_WIRE_RADIUS_H
#define VPDIAL_WIRE_RADIUS_H

#include "base/cursor.h"

#define RADIUS_HEADER	  20
#define RADIUS_PACKET_MAX 4096
#define RADIUS_VALUE_MAX  253
#define RADIUS_AUTH_PORT  1812
#define RADIUS_ACCT_PORT  1813

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_ACCESS_CHALLENGE = 11,
};

/* X(name, number) */
#define RADIUS_ATTRIBUTES(X)          \
	X(USER_NAME, 1)               \
	X(USER_PASSWORD, 2)           \
	X(CHAP_PASSWORD, 3)           \
	X(NAS_PORT, 5)                \
	X(SERVICE_TYPE, 6)            \
	X(FRAMED_PROTOCOL, 7)         \
	X(FRAMED_IP_ADDRESS, 8)       \
	X(FRAMED_IP_NETMASK, 9)       \
	X(FRAMED_MTU, 12)             \
	X(REPLY_MESSAGE, 18)          \
	X(FRAMED_ROUTE, 22)           \
	X(STATE, 24)                  \
	X(CLASS, 25)                  \
	X(VENDOR, 26)                 \
	X(SESSION_TIMEOUT, 27)        \
	X(IDLE_TIMEOUT, 28)           \
	X(CALLED_STATION_ID, 30)      \
	X(CALLING_STATION_ID, 31)     \
	X(NAS_IDENTIFIER, 32)         \
	X(ACCT_STATUS_TYPE, 40)       \
	X(ACCT_DELAY_TIME, 41)        \
	X(ACCT_INPUT_OCTETS, 42)      \
	X(ACCT_OUTPUT_OCTETS, 43)     \
	X(ACCT_SESSION_ID, 44)        \
	X(ACCT_AUTHENTIC, 45)         \
	X(ACCT_SESSION_TIME, 46)      \
	X(ACCT_INPUT_PACKETS, 47)     \
	X(ACCT_OUTPUT_PACKETS, 48)    \
	X(ACCT_TERMINATE_CAUSE, 49)   \
	X(ACCT_INPUT_GIGAWORDS, 52)   \
	X(ACCT_OUTPUT_GIGAWORDS, 53)  \
	X(EVENT_TIMESTAMP, 55)        \
	X(CHAP_CHALLENGE, 60)         \
	X(NAS_PORT_TYPE, 61)          \
	X(TUNNEL_TYPE, 64)            \
	X(TUNNEL_MEDIUM_TYPE, 65)     \
	X(TUNNEL_CLIENT_ENDPOINT, 66) \
	X(TUNNEL_SERVER_ENDPOINT, 67) \
	X(EAP_MESSAGE, 79)            \
	X(MESSAGE_AUTHENTICATOR, 80)  \
	X(ACCT_INTERIM_INTERVAL, 85)  \
	X(FRAMED_POOL, 88)

#define RADIUS_ENUM(name, number) RADIUS_AT_##name = (number),
enum radius_attribute { RADIUS_ATTRIBUTES(RADIUS_ENUM) };
#undef RADIUS_ENUM

#define RADIUS_MICROSOFT 311
enum radius_microsoft {
	RADIUS_MS_CHAP_RESPONSE = 1,
	RADIUS_MS_CHAP_ERROR = 2,
	RADIUS_MS_MPPE_POLICY = 7,
	RADIUS_MS_MPPE_TYPES = 8,
	RADIUS_MS_CHAP_CHALLENGE = 11,
	RADIUS_MS_CHAP_MPPE_KEYS = 12,
	RADIUS_MS_MPPE_SEND_KEY = 16,
	RADIUS_MS_MPPE_RECV_KEY = 17,
	RADIUS_MS_CHAP2_RESPONSE = 25,
	RADIUS_MS_CHAP2_SUCCESS = 26,
	RADIUS_MS_PRIMARY_DNS = 28,
	RADIUS_MS_SECONDARY_DNS = 29,
};

struct radius_packet {
	uint8_t code, id;
	const uint8_t *authenticator; /* 16 octets, inside the packet */
	const uint8_t *attributes;
	size_t attributes_len;
	size_t len; /* as its header says; what is behind is padding */
};

/* Reads the LEN octets at P.  False for a wrong length, or when the attributes do not fill it. */
bool radius_decode(const uint8_t *p, size_t len, struct radius_packet *out);

/* One attribute; of vendor 0 the RFCs' own. */
struct radius_value {
	uint32_t vendor;
	uint8_t type;
	const uint8_t *at;
	size_t len;
};

/* Walks over attributes, a vendor's in their 26 one by one. */
struct radius_walk {
	struct cursor outer, inner;
	uint32_t vendor;
};
struct radius_walk radius_walk(const struct radius_packet *packet);
/* The next one; false at the end.  A 26 that is broken inside is left out. */
bool radius_next(struct radius_walk *walk, struct radius_value *out);

/* The number in four octets; false for another length. */
bool radius_number(const struct radius_value *value, uint32_t *out);

/* Writing: the header with 16 zeros as authenticator, attributes, then the length. */
void radius_begin(struct writer *w, uint8_t code, uint8_t id);
void radius_end(struct writer *w);
/* Fails the writer beyond 253 octets (247 of a vendor); an attribute without octets is left out. */
void radius_put(struct writer *w, uint8_t type, const void *value, size_t len);
void radius_put_number(struct writer *w, uint8_t type, uint32_t value);
void radius_put_text(struct writer *w, uint8_t type, const char *text);
void radius_put_microsoft(struct writer *w, uint8_t type, const void *value, size_t len);

#endif
