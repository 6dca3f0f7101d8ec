/* SPDX-License-Identifier: MIT */
/* L2TP control messages: the tables of AVPs and of messages (RFC 2661 sections 4 to 6), and the
 * one loop that judges every message by them before a handler sees it. */
#ifndef VPDIAL_WIRE_AVP_H
#define VPDIAL_WIRE_AVP_H

#include "base/cursor.h"
#include "base/str.h"
#include "wire/l2tp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer control messages are not taken. */
#define L2TP_MESSAGE_MAX 2048
#define L2TP_VERSION	 0x0100

enum l2tp_type {
	L2TP_SCCRQ = 1,
	L2TP_SCCRP,
	L2TP_SCCCN,
	L2TP_STOPCCN,
	L2TP_HELLO = 6,
	L2TP_OCRQ,
	L2TP_OCRP,
	L2TP_OCCN,
	L2TP_ICRQ,
	L2TP_ICRP,
	L2TP_ICCN,
	L2TP_CDN = 14,
	L2TP_WEN,
	L2TP_SLI,
	L2TP_TYPE_COUNT
};

enum l2tp_avp {
	AVP_MESSAGE_TYPE,
	AVP_RESULT_CODE,
	AVP_PROTOCOL_VERSION,
	AVP_FRAMING_CAPABILITIES,
	AVP_BEARER_CAPABILITIES,
	AVP_TIE_BREAKER,
	AVP_FIRMWARE_REVISION,
	AVP_HOST_NAME,
	AVP_VENDOR_NAME,
	AVP_ASSIGNED_TUNNEL_ID,
	AVP_RECEIVE_WINDOW_SIZE,
	AVP_CHALLENGE,
	AVP_Q931_CAUSE,
	AVP_CHALLENGE_RESPONSE,
	AVP_ASSIGNED_SESSION_ID,
	AVP_CALL_SERIAL_NUMBER,
	AVP_MINIMUM_BPS,
	AVP_MAXIMUM_BPS,
	AVP_BEARER_TYPE,
	AVP_FRAMING_TYPE,
	AVP_CALLED_NUMBER = 21,
	AVP_CALLING_NUMBER,
	AVP_SUB_ADDRESS,
	AVP_TX_CONNECT_SPEED,
	AVP_PHYSICAL_CHANNEL_ID,
	AVP_INITIAL_LCP_CONFREQ,
	AVP_LAST_SENT_LCP_CONFREQ,
	AVP_LAST_RECEIVED_LCP_CONFREQ,
	AVP_PROXY_AUTHEN_TYPE,
	AVP_PROXY_AUTHEN_NAME,
	AVP_PROXY_AUTHEN_CHALLENGE,
	AVP_PROXY_AUTHEN_ID,
	AVP_PROXY_AUTHEN_RESPONSE,
	AVP_CALL_ERRORS,
	AVP_ACCM,
	AVP_RANDOM_VECTOR,
	AVP_PRIVATE_GROUP_ID,
	AVP_RX_CONNECT_SPEED,
	AVP_SEQUENCING_REQUIRED,
	AVP_DISCONNECT_CAUSE = 46, /* RFC 3145 */
	AVP_COUNT
};

/* Result codes of StopCCN and CDN, and general error codes (RFC 2661 section 4.4.2). */
enum {
	STOPCCN_GENERAL = 1,
	STOPCCN_ERROR = 2,
	STOPCCN_NOT_AUTHORIZED = 4,
	STOPCCN_VERSION = 5,
	STOPCCN_SHUTTING_DOWN = 6,
	STOPCCN_FSM = 7,
	CDN_LOST_CARRIER = 1,
	CDN_ERROR = 2,
	CDN_ADMINISTRATIVE = 3,
	CDN_NO_FACILITIES = 4,
	CDN_BUSY = 8,
	L2TP_ERROR_LENGTH = 2,
	L2TP_ERROR_VALUE = 3,
	L2TP_ERROR_RESOURCES = 4,
	L2TP_ERROR_VENDOR = 6,
	L2TP_ERROR_UNKNOWN_AVP = 8,
};

/* "SCCRQ", "Host-Name"; "unknown" for numbers without a name. */
const char *l2tp_type_name(unsigned type);
const char *l2tp_avp_name(unsigned avp);
/* True for messages about a call, false for those about the tunnel. */
bool l2tp_type_is_session(unsigned type);
/* The sets of AVPs, bit by number, for the table's own test. */
uint64_t l2tp_type_required(unsigned type);
uint64_t l2tp_type_optional(unsigned type);

/* Encryption of hidden AVPs, done elsewhere. */
struct l2tp_cipher {
	void (*hide)(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
		     size_t len);
	void (*unhide)(void *ctx, uint16_t type, const uint8_t *rv, size_t rv_len, uint8_t *octets,
		       size_t len);
	void *ctx;
};

struct l2tp_value {
	const uint8_t *octets;
	uint16_t len;
	bool hidden;
};

/* A decoded message: values by AVP number. */
struct l2tp_message {
	enum l2tp_type type;
	uint64_t present; /* bit by AVP number */
	struct l2tp_value avp[AVP_COUNT];
	size_t clear_len;
	uint8_t clear[L2TP_MESSAGE_MAX]; /* values that came hidden */
};

/* The type of the message whose AVPs begin at P, 0 if it cannot be told. */
unsigned l2tp_message_type(const uint8_t *p, size_t len);

enum l2tp_verdict {
	L2TP_GOOD, /* to be handled */
	L2TP_SKIP, /* of an unknown type that is not mandatory: acknowledge and forget */
	L2TP_BAD,  /* tear down the session or tunnel that it is about, as *FAULT says */
};

struct l2tp_fault {
	bool session;	      /* ends the session only */
	uint16_t error;	      /* general error code to tell */
	const char *what;     /* "a mandatory AVP that is unknown" */
	unsigned vendor, avp; /* which one */
};

struct l2tp_rules {
	const struct l2tp_cipher *cipher; /* NULL: no secret, hidden AVPs cannot be read */
};

/* Decodes and judges the AVPs (LEN octets at P) of one message that is not a ZLB.  *M points into
 * P.  *FAULT is set for L2TP_BAD; else its error is 0. */
enum l2tp_verdict l2tp_message_decode(struct l2tp_message *m, const uint8_t *p, size_t len,
				      const struct l2tp_rules *rules, struct l2tp_fault *fault);

static inline bool l2tp_has(const struct l2tp_message *m, enum l2tp_avp avp)
{
	return m->present >> avp & 1;
}

/* The value of an AVP as a number, 0 if it is absent. */
uint16_t l2tp_u16(const struct l2tp_message *m, enum l2tp_avp avp);
uint32_t l2tp_u32(const struct l2tp_message *m, enum l2tp_avp avp);

/* Result Code AVP (RFC 2661 section 4.4.2): error and text may be absent. */
struct l2tp_result {
	uint16_t result, error;
	bool has_error;
	const uint8_t *text;
	size_t text_len;
};
bool l2tp_result(const struct l2tp_message *m, struct l2tp_result *out);

/* PPP Disconnect Cause (RFC 3145 section 2.2). */
struct l2tp_cause {
	uint16_t code, protocol;
	uint8_t direction; /* 0 global, 1 at the peer of the sender, 2 at the sender */
	const uint8_t *text;
	size_t text_len;
};
bool l2tp_cause(const struct l2tp_message *m, struct l2tp_cause *out);

/* Meanings, "unknown ..." for other codes. */
const char *l2tp_stopccn_text(unsigned result);
const char *l2tp_cdn_text(unsigned result);
const char *l2tp_error_text(unsigned error);
const char *l2tp_cause_text(unsigned code);

/* --- encoding --- */

struct l2tp_builder {
	struct writer w;
	const struct l2tp_cipher *cipher; /* NULL: nothing is hidden */
	uint8_t rv[16];
	size_t rv_len;	   /* 0: no Random Vector written yet, nothing is hidden */
	size_t hidden_min; /* what is hidden is padded to so many octets */
};

/* Starts a message to TUNNEL_ID, SESSION_ID in CAP octets at OUT: header and Message Type. */
void l2tp_build(struct l2tp_builder *b, uint8_t *out, size_t cap, enum l2tp_type type,
		uint16_t tunnel_id, uint16_t session_id);
/* From here on AVPs that may be hidden are, with this random vector (at most 16 octets). */
void l2tp_build_hide(struct l2tp_builder *b, const struct l2tp_cipher *cipher, const uint8_t *rv,
		     size_t rv_len);
/* Appends one AVP with the M bit of the table. */
void l2tp_add(struct l2tp_builder *b, enum l2tp_avp avp, const void *value, size_t len);
void l2tp_add_u16(struct l2tp_builder *b, enum l2tp_avp avp, uint16_t value);
void l2tp_add_u32(struct l2tp_builder *b, enum l2tp_avp avp, uint32_t value);
/* Result Code; ERROR and TEXT only if WITH_ERROR. */
void l2tp_add_result(struct l2tp_builder *b, uint16_t result, bool with_error, uint16_t error,
		     const char *text);
/* Writes the length; returns it, or 0 if the message did not fit. */
size_t l2tp_build_end(struct l2tp_builder *b);

/* Appends "SCCRP <tunnel 1> <session 0> <Ns 0> <Nr 1> <Host-Name "lns">...": texts of the peer are
 * cleaned; challenges, responses and what came hidden are told by their length only. */
void l2tp_print(struct str *out, const struct l2tp_header *h, const struct l2tp_message *m);

#endif
