/* SPDX-License-Identifier: MIT */
/* ISAKMP's header and chain of payloads. */
#include "wire/isakmp.h"

#define VERSION	       0x10
#define PAYLOAD_HEADER 4
#define FIRST_AT       16 /* of the type of the first payload in the header */
#define LENGTH_AT      24
#define DOI_IPSEC      1

bool isakmp_header_decode(const uint8_t *octets, size_t len, struct isakmp_header *out)
{
	static const uint8_t none[ISAKMP_COOKIE];
	struct cursor c = cursor_make(octets, len);

	cursor_copy(&c, out->initiator, ISAKMP_COOKIE);
	cursor_copy(&c, out->responder, ISAKMP_COOKIE);
	out->first = cursor_u8(&c);
	uint8_t version = cursor_u8(&c);
	out->exchange = cursor_u8(&c);
	out->flags = cursor_u8(&c);
	out->id = cursor_u32(&c);
	out->length = cursor_u32(&c);
	return !c.failed && version >> 4 == VERSION >> 4 && out->length >= ISAKMP_HEADER &&
	       out->length <= len && memcmp(out->initiator, none, sizeof none) != 0;
}

bool isakmp_chain_decode(uint8_t first, const uint8_t *octets, size_t len, struct isakmp_chain *out)
{
	struct cursor c = cursor_make(octets, len);
	uint8_t type = first;

	out->count = 0;
	while (type != ISAKMP_NONE) {
		uint8_t next = cursor_u8(&c);
		cursor_skip(&c, 1);
		size_t all = cursor_u16(&c);
		if (all < PAYLOAD_HEADER || out->count == ISAKMP_PAYLOADS)
			return false;
		const uint8_t *body = cursor_bytes(&c, all - PAYLOAD_HEADER);
		if (c.failed)
			return false;
		out->at[out->count++] = (struct isakmp_payload){type, body, all - PAYLOAD_HEADER};
		type = next;
	}
	out->len = len - cursor_left(&c);
	return true;
}

unsigned isakmp_count(const struct isakmp_chain *chain, uint8_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < chain->count; i++)
		n += chain->at[i].type == type;
	return n;
}

const struct isakmp_payload *isakmp_find(const struct isakmp_chain *chain, uint8_t type, unsigned n)
{
	for (unsigned i = 0; i < chain->count; i++)
		if (chain->at[i].type == type && n-- == 0)
			return &chain->at[i];
	return NULL;
}

bool isakmp_notify_decode(const struct isakmp_payload *p, struct isakmp_notification *out)
{
	struct cursor c = cursor_make(p->body, p->len);

	cursor_skip(&c, 4); /* some say DOI 0: whose notification it is, its type tells */
	out->protocol = cursor_u8(&c);
	out->spi_len = cursor_u8(&c);
	out->type = cursor_u16(&c);
	out->spi = cursor_bytes(&c, out->spi_len);
	out->data_len = cursor_left(&c);
	out->data = cursor_bytes(&c, out->data_len);
	return !c.failed;
}

bool isakmp_delete_decode(const struct isakmp_payload *p, struct isakmp_deletion *out)
{
	struct cursor c = cursor_make(p->body, p->len);

	cursor_skip(&c, 4);
	out->protocol = cursor_u8(&c);
	out->spi_len = cursor_u8(&c);
	out->count = cursor_u16(&c);
	out->spis = cursor_bytes(&c, (size_t)out->count * out->spi_len);
	return !c.failed && out->spi_len > 0;
}

void isakmp_begin(struct isakmp_writer *m, void *buf, size_t cap,
		  const struct isakmp_header *header)
{
	*m = (struct isakmp_writer){.w = writer_make(buf, cap), .next = FIRST_AT};
	writer_bytes(&m->w, header->initiator, ISAKMP_COOKIE);
	writer_bytes(&m->w, header->responder, ISAKMP_COOKIE);
	writer_u8(&m->w, ISAKMP_NONE);
	writer_u8(&m->w, VERSION);
	writer_u8(&m->w, header->exchange);
	writer_u8(&m->w, header->flags);
	writer_u32(&m->w, header->id);
	writer_u32(&m->w, 0);
}

void isakmp_open(struct isakmp_writer *m, uint8_t type)
{
	if (!m->w.failed)
		m->w.start[m->next] = type;
	m->open = m->next = writer_len(&m->w);
	writer_zeros(&m->w, PAYLOAD_HEADER);
}

void isakmp_close(struct isakmp_writer *m)
{
	writer_patch_u16(&m->w, m->open + 2, (uint16_t)(writer_len(&m->w) - m->open));
}

void isakmp_add(struct isakmp_writer *m, uint8_t type, const void *body, size_t len)
{
	isakmp_open(m, type);
	writer_bytes(&m->w, body, len);
	isakmp_close(m);
}

uint8_t *isakmp_reserve(struct isakmp_writer *m, uint8_t type, size_t len)
{
	isakmp_open(m, type);
	uint8_t *at = m->w.at;
	writer_zeros(&m->w, len);
	isakmp_close(m);
	return m->w.failed ? NULL : at;
}

void isakmp_add_notify(struct isakmp_writer *m, const struct isakmp_notification *n)
{
	isakmp_open(m, ISAKMP_NOTIFY);
	writer_u32(&m->w, DOI_IPSEC);
	writer_u8(&m->w, n->protocol);
	writer_u8(&m->w, (uint8_t)n->spi_len);
	writer_u16(&m->w, n->type);
	writer_bytes(&m->w, n->spi, n->spi_len);
	writer_bytes(&m->w, n->data, n->data_len);
	isakmp_close(m);
}

size_t isakmp_end(struct isakmp_writer *m, size_t block)
{
	size_t over = (writer_len(&m->w) - ISAKMP_HEADER) % block;

	writer_zeros(&m->w, over ? block - over : 0);
	writer_patch_u16(&m->w, LENGTH_AT + 2, (uint16_t)writer_len(&m->w));
	return m->w.failed || writer_len(&m->w) > UINT16_MAX ? 0 : writer_len(&m->w);
}
