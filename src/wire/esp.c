/* SPDX-License-Identifier: MIT */
#include "wire/esp.h"

#include "base/cursor.h"

#define IP4_HEADER 20
#define IP6_HEADER 40
#define UDP_HEADER 8

size_t esp_head_len(const struct esp_sizes *s)
{
	return ESP_HEADER + s->iv + ESP_UDP_HEADER;
}

static size_t padding(const struct esp_sizes *s, size_t len)
{
	size_t over = (ESP_UDP_HEADER + len + ESP_TRAILER) % s->block;

	return over ? s->block - over : 0;
}

size_t esp_tail_len(const struct esp_sizes *s, size_t len)
{
	return padding(s, len) + ESP_TRAILER + s->icv;
}

size_t esp_room(const struct esp_sizes *s, bool ipv6, size_t mtu)
{
	size_t around = (ipv6 ? IP6_HEADER : IP4_HEADER) + UDP_HEADER + ESP_HEADER + s->iv + s->icv;
	size_t inside = mtu > around ? mtu - around : 0;

	inside -= inside % s->block;
	return inside > ESP_UDP_HEADER + ESP_TRAILER ? inside - ESP_UDP_HEADER - ESP_TRAILER : 0;
}

uint8_t *esp_wrap(const struct esp_sizes *s, uint32_t spi, uint32_t sequence, uint16_t source_port,
		  uint16_t destination_port, uint8_t *payload, size_t len)
{
	uint8_t *start = payload - esp_head_len(s), *tail = payload + len;
	size_t pad = padding(s, len);
	struct writer w = writer_make(start, ESP_HEADER);

	writer_u32(&w, spi);
	writer_u32(&w, sequence);
	w = writer_make(payload - ESP_UDP_HEADER, ESP_UDP_HEADER);
	writer_u16(&w, source_port);
	writer_u16(&w, destination_port);
	writer_u16(&w, (uint16_t)(ESP_UDP_HEADER + len));
	writer_u16(&w, 0); /* no checksum: RFC 3948 section 3.1.2 */
	for (size_t i = 1; i <= pad; i++)
		*tail++ = (uint8_t)i;
	tail[0] = (uint8_t)pad;
	tail[1] = ESP_NEXT_UDP;
	return start;
}

bool esp_unwrap(uint8_t *plain, size_t len, struct esp_inner *out)
{
	struct cursor c;
	size_t pad, stated;

	if (len < ESP_TRAILER)
		return false;
	pad = plain[len - 2];
	*out = (struct esp_inner){.next = plain[len - 1]};
	if (pad > len - ESP_TRAILER)
		return false;
	if (out->next != ESP_NEXT_UDP)
		return true;
	c = cursor_make(plain, len - ESP_TRAILER - pad);
	out->source_port = cursor_u16(&c);
	out->destination_port = cursor_u16(&c);
	stated = cursor_u16(&c);
	cursor_skip(&c, 2);
	if (c.failed || stated < ESP_UDP_HEADER || stated - ESP_UDP_HEADER > cursor_left(&c))
		return false;
	out->payload = plain + ESP_UDP_HEADER;
	out->len = stated - ESP_UDP_HEADER;
	return true;
}

static uint64_t bit_of(uint32_t number)
{
	return UINT64_C(1) << number % 64;
}

bool esp_window_is_new(const struct esp_window *w, uint32_t number)
{
	if (number == 0)
		return false;
	if (number > w->newest)
		return true;
	return w->newest - number < ESP_WINDOW &&
	       !(w->seen[number / 64 % ESP_WINDOW_WORDS] & bit_of(number));
}

void esp_window_mark(struct esp_window *w, uint32_t number)
{
	uint32_t word = number / 64, newest = w->newest / 64;

	if (number > w->newest) {
		/* Words between hold numbers of another round. */
		uint32_t ahead = word - newest;

		for (uint32_t i = 1; i <= ahead && i <= ESP_WINDOW_WORDS; i++)
			w->seen[(newest + i) % ESP_WINDOW_WORDS] = 0;
		w->newest = number;
	}
	w->seen[word % ESP_WINDOW_WORDS] |= bit_of(number);
}
