/* SPDX-License-Identifier: MIT */
/* PPTP control messages (RFC 2637 section 2): one table of messages and their fields, by which one
 * loop encodes, decodes and prints all fifteen of them. */
#ifndef VPDIAL_WIRE_PPTP_H
#define VPDIAL_WIRE_PPTP_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PPTP_PORT	 1723
#define PPTP_VERSION	 0x0100
#define PPTP_HEADER_LEN	 12
#define PPTP_MESSAGE_MAX 220
#define PPTP_NAME_LEN	 64
#define PPTP_STATS_LEN	 128

enum pptp_type {
	PPTP_START_REQUEST = 1,
	PPTP_START_REPLY,
	PPTP_STOP_REQUEST,
	PPTP_STOP_REPLY,
	PPTP_ECHO_REQUEST,
	PPTP_ECHO_REPLY,
	PPTP_OUTGOING_CALL_REQUEST,
	PPTP_OUTGOING_CALL_REPLY,
	PPTP_INCOMING_CALL_REQUEST,
	PPTP_INCOMING_CALL_REPLY,
	PPTP_INCOMING_CALL_CONNECTED,
	PPTP_CALL_CLEAR_REQUEST,
	PPTP_CALL_DISCONNECT_NOTIFY,
	PPTP_WAN_ERROR_NOTIFY,
	PPTP_SET_LINK_INFO,
	PPTP_TYPE_COUNT
};

/* Who sends a message; the client is the PNS, the server the PAC. */
enum pptp_direction { PPTP_FROM_CLIENT = 1, PPTP_FROM_SERVER = 2, PPTP_FROM_BOTH = 3 };

/* Result 1 means success wherever there is a result; the others are told by pptp_result_text. */
#define PPTP_RESULT_OK		       1
#define PPTP_START_CHANNEL_EXISTS      3
#define PPTP_START_BAD_VERSION	       5
#define PPTP_STOP_REASON_NONE	       1
#define PPTP_STOP_REASON_PROTOCOL      2
#define PPTP_STOP_REASON_SHUTDOWN      3
#define PPTP_RESULT_ERROR	       2 /* the error code tells */
#define PPTP_ERROR_RESOURCES	       4
#define PPTP_CALL_BUSY		       4
#define PPTP_INCOMING_DO_NOT_ACCEPT    3
#define PPTP_DISCONNECT_ADMINISTRATIVE 3
#define PPTP_DISCONNECT_REQUEST	       4

/* All fields of all messages; which of them count depends on the type. */
struct pptp_message {
	enum pptp_type type;
	uint16_t version;
	uint32_t framing, bearer; /* capabilities or types */
	uint16_t channels, firmware;
	uint8_t host[PPTP_NAME_LEN], vendor[PPTP_NAME_LEN]; /* padded with NULs */
	uint8_t reason, result, error;
	uint16_t cause;
	uint32_t identifier;
	uint16_t call_id, peer_call_id, serial;
	uint32_t min_bps, max_bps, speed;
	uint16_t window, delay;
	uint32_t channel; /* physical channel id */
	uint16_t phone_len, dialing_len;
	uint8_t phone[PPTP_NAME_LEN], dialing[PPTP_NAME_LEN], subaddress[PPTP_NAME_LEN];
	uint8_t statistics[PPTP_STATS_LEN];
	uint32_t crc_errors, framing_errors, hardware_overruns, buffer_overruns, timeouts,
		alignment_errors;
	uint32_t send_accm, receive_accm;
};

/* "Start-Control-Connection-Request"; "unknown" for numbers without a name. */
const char *pptp_type_name(unsigned type);
/* Length of the message with its header; 0 if TYPE is not known. */
size_t pptp_type_length(unsigned type);
/* Who may send it; 0 if TYPE is not known. */
unsigned pptp_type_direction(unsigned type);
/* The sum of header and field lengths, for the table's own test. */
size_t pptp_type_field_sum(unsigned type);

/* Looks at the LEN octets that have arrived so far.  Returns the length of the whole message at
 * their front, 0 if more octets are needed, or -1 with *FAULT (a noun phrase) if they can never
 * become a message; then there is no way to find the next one.  Never more than PPTP_MESSAGE_MAX
 * octets are needed. */
int pptp_frame(const uint8_t *p, size_t len, const char **fault);

/* Decodes one message found by pptp_frame.  False if it is none that we know: a management
 * message or an unknown control type, to be skipped; *NUMBER (may be NULL) is its type then.
 * Surplus octets and reserved fields are ignored. */
bool pptp_decode(struct pptp_message *m, const uint8_t *p, size_t len, unsigned *number);

/* Encodes *M into OUT; returns the length, or 0 if the type is unknown or CAP too small. */
size_t pptp_encode(uint8_t *out, size_t cap, const struct pptp_message *m);

/* Appends "Echo-Reply <identifier 7> <result 1> ..."; texts of the peer are cleaned. */
void pptp_print(struct str *out, const struct pptp_message *m);

/* The octets of a text field before its padding. */
size_t pptp_text_len(const uint8_t *text, size_t cap);
/* Fills a text field of CAP octets. */
void pptp_text_set(uint8_t *field, size_t cap, const char *text);

/* Meaning of a result code (a reason code for Stop-Request), "unknown result" for others. */
const char *pptp_result_text(enum pptp_type type, unsigned result);
/* Meaning of a general error code. */
const char *pptp_error_text(unsigned error);

#endif
