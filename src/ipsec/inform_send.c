/* SPDX-License-Identifier: MIT */
/* Informational exchanges of ours: notifications, Delete, DPD. */
#include "ipsec/internal.h"

/* Begins one under P's keys; returns where its HASH stands. */
static uint8_t *begin(struct ipsec *s, struct phase *p, struct isakmp_writer *m, struct sent *sent,
		      uint32_t *id)
{
	while (!(*id = random_u32(s->random)))
		;
	message_begin(p, m, sent, ISAKMP_INFORMATIONAL, *id);
	return isakmp_reserve(m, ISAKMP_HASH, p->keys.len);
}

static void end(struct ipsec *s, struct phase *p, struct isakmp_writer *m, struct sent *sent,
		uint8_t *hash, uint32_t id)
{
	uint8_t iv[IKE_BLOCK_MAX];

	message_hash_fill(p, m, hash, id, (struct crypto_part){NULL, 0});
	message_iv(p, id, iv);
	(void)message_send(s, p, m, sent, iv, false);
}

static void notify(struct ipsec *s, struct phase *p, const struct isakmp_notification *n)
{
	struct isakmp_writer m;
	struct sent sent;
	uint32_t id;
	uint8_t *hash = begin(s, p, &m, &sent, &id);

	isakmp_add_notify(&m, n);
	end(s, p, &m, &sent, hash, id);
}

void inform_notify(struct ipsec *s, struct phase *p, uint8_t protocol, uint32_t spi, uint16_t type)
{
	const uint8_t octets[] = {(uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8),
				  (uint8_t)spi};
	const struct isakmp_notification n = {
		.protocol = protocol, .type = type, .spi = octets, .spi_len = spi ? 4 : 0};

	notify(s, p, &n);
}

void inform_there(struct ipsec *s, struct phase *p, uint16_t type, const uint8_t *number)
{
	const struct isakmp_notification n = {.protocol = ISAKMP_PROTOCOL_IKE,
					      .type = type,
					      .spi = p->cookie[0],
					      .spi_len = sizeof p->cookie,
					      .data = number,
					      .data_len = 4};

	notify(s, p, &n);
}

void inform_ask(struct ipsec *s, struct phase *p)
{
	uint8_t number[4];
	struct writer w = writer_make(number, sizeof number);

	if (!s->dpd_sequence)
		s->dpd_sequence = random_u32(s->random) >> 1;
	writer_u32(&w, ++s->dpd_sequence);
	inform_there(s, p, ISAKMP_R_U_THERE, number);
}

static void say_delete(struct ipsec *s, struct phase *p, uint8_t protocol, const uint8_t *spi,
		       uint8_t spi_len)
{
	struct isakmp_writer m;
	struct sent sent;
	uint32_t id;
	uint8_t *hash = begin(s, p, &m, &sent, &id);

	isakmp_open(&m, ISAKMP_DELETE);
	writer_u32(&m.w, 1);
	writer_u8(&m.w, protocol);
	writer_u8(&m.w, spi_len);
	writer_u16(&m.w, 1);
	writer_bytes(&m.w, spi, spi_len);
	isakmp_close(&m);
	end(s, p, &m, &sent, hash, id);
}

void inform_delete_pair(struct ipsec *s, const struct pair *pair)
{
	struct phase *p = phase_current(s);
	uint8_t spi[4];
	struct writer w = writer_make(spi, sizeof spi);

	writer_u32(&w, pair->spi_in);
	if (p)
		say_delete(s, p, ISAKMP_PROTOCOL_ESP, spi, sizeof spi);
}

void inform_delete_phase(struct ipsec *s, struct phase *p)
{
	say_delete(s, p, ISAKMP_PROTOCOL_IKE, p->cookie[0], sizeof p->cookie);
}
