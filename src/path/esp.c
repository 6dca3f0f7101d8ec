/* SPDX-License-Identifier: MIT */
#include "path/esp.h"

#include "base/address.h"
#include "base/cursor.h"
#include "crypto/esp.h"
#include "path/checksum.h"
#include "path/internal.h"
#include "path/offload.h"

#include <errno.h>
#include <stdlib.h>

#define NUMBERS_LEFT 4096 /* more than one burst takes */
#define KEEPALIVE    0xff /* RFC 3948 section 2.3 */

/* Associations */

static void forget(struct path_esp_in *in)
{
	esp_cipher_free(in->cipher);
	*in = (struct path_esp_in){0};
}

struct path_esp *path_esp_make(const struct path_config *config)
{
	struct path_esp *esp = aligned_alloc(_Alignof(struct path_esp), sizeof *esp);
	const struct sockaddr_storage *ends[] = {&config->own, &config->peer};

	if (!esp)
		return NULL;
	*esp = (struct path_esp){.sums = config->peer.ss_family == AF_INET6};
	for (unsigned i = 0; esp->sums && i < 2; i++)
		esp->addresses = checksum_add(esp->addresses, address_octets(ends[i]),
					      address_size(ends[i]));
	return esp;
}

void path_esp_free(struct path_esp *esp)
{
	if (!esp)
		return;
	for (unsigned i = 0; i < PATH_ESP_INBOUND; i++)
		forget(&esp->in[i]);
	esp_cipher_free(esp->out.cipher);
	free(esp);
}

/* A free place, or that of the oldest association. */
static struct path_esp_in *place_of(struct path_esp *esp)
{
	struct path_esp_in *oldest = &esp->in[0];

	for (unsigned i = 0; i < PATH_ESP_INBOUND; i++) {
		if (!esp->in[i].cipher)
			return &esp->in[i];
		if (esp->in[i].order < oldest->order)
			oldest = &esp->in[i];
	}
	forget(oldest);
	return oldest;
}

int path_esp_receive(struct path *path, const struct esp_keys *keys)
{
	struct esp_cipher *cipher = esp_cipher_new(keys, false);
	struct path_esp_in *in;

	if (!cipher)
		return -ENOMEM;
	path_esp_forget(path, keys->spi);
	in = place_of(path->esp);
	*in = (struct path_esp_in){.cipher = cipher, .spi = keys->spi, .order = ++path->esp->order};
	return 0;
}

int path_esp_send(struct path *path, const struct esp_keys *keys)
{
	struct esp_cipher *cipher = esp_cipher_new(keys, true), *before;

	if (!cipher)
		return -ENOMEM;
	path_turn_take(path);
	before = path->esp->out.cipher;
	path->esp->out = (struct path_esp_out){
		.cipher = cipher, .sizes = esp_sizes(&keys->suite), .spi = keys->spi};
	path->tx_shut = false;
	path_turn_give(path);
	esp_cipher_free(before);
	return 0;
}

void path_esp_forget(struct path *path, uint32_t spi)
{
	for (unsigned i = 0; i < PATH_ESP_INBOUND; i++)
		if (path->esp->in[i].cipher && path->esp->in[i].spi == spi)
			forget(&path->esp->in[i]);
}

void path_esp_inner_port(struct path *path, uint16_t port)
{
	path_turn_take(path);
	path->config.inner_port = port;
	path_turn_give(path);
}

uint32_t path_esp_newest(struct path *path)
{
	uint32_t number;

	path_turn_take(path);
	number = path->esp->out.number;
	path_turn_give(path);
	return number;
}

uint64_t path_esp_heard_ms(const struct path *path)
{
	return path->esp->heard_ms;
}

/* Out */

uint8_t *esp_out_wrap(struct path *path, uint8_t *datagram, size_t *len)
{
	struct path_esp_out *out = &path->esp->out;
	uint8_t *start = esp_wrap(&out->sizes, out->spi, ++out->number, path->config.inner_port,
				  path->config.peer_inner_port, datagram, *len);

	if (out->number >= UINT32_MAX - NUMBERS_LEFT)
		path->tx_shut = true;
	*len += esp_head_len(&out->sizes) + esp_tail_len(&out->sizes, *len);
	return start;
}

/* RFC 8200 section 8.1: over IPv6 UDP without a checksum is dropped; over IPv4 it saves its time.
 * Behind a translator of addresses it is wrong, and not looked at (RFC 3948 section 3.1.2). */
static void put_checksum(const struct path_esp *esp, uint8_t *udp)
{
	size_t len = offload_get16(udp + 4);
	uint64_t sum = checksum_pseudo(NULL, 0, IP_UDP, len) + esp->addresses;
	uint16_t folded = (uint16_t)~checksum_fold(checksum_add(sum, udp, len));

	if (folded == 0)
		folded = 0xffff;
	memcpy(udp + 6, &folded, sizeof folded);
}

void esp_out_seal(struct path_esp *esp, uint8_t *packet, size_t len)
{
	if (esp->sums)
		put_checksum(esp, packet + ESP_HEADER + esp->out.sizes.iv);
	esp_seal(esp->out.cipher, packet, len - esp->out.sizes.icv);
}

/* In */

static struct path_esp_in *find(struct path_esp *esp, uint32_t spi)
{
	for (unsigned i = 0; i < PATH_ESP_INBOUND; i++)
		if (esp->in[i].cipher && esp->in[i].spi == spi)
			return &esp->in[i];
	return NULL;
}

static void settle_peer_port(struct path *path, uint16_t port)
{
	path_turn_take(path);
	path->config.peer_inner_port = port;
	path_turn_give(path);
}

/* The L2TP datagram in the LEN decrypted octets at PLAIN, if it is ours. */
static enum esp_content take_inner(struct path *path, uint8_t *plain, size_t plain_len,
				   uint8_t **packet, size_t *len)
{
	struct esp_inner inner;

	if (!esp_unwrap(plain, plain_len, &inner)) {
		path->rx_counters.rx_malformed++;
		return ESP_CONTENT_NOTHING;
	}
	if (inner.next == ESP_NEXT_DUMMY)
		return ESP_CONTENT_NOTHING;
	if (!path->config.peer_inner_port && inner.next == ESP_NEXT_UDP &&
	    inner.destination_port == path->config.inner_port)
		settle_peer_port(path, inner.source_port);
	if (inner.next != ESP_NEXT_UDP || inner.source_port != path->config.peer_inner_port ||
	    inner.destination_port != path->config.inner_port) {
		path->rx_counters.rx_wrong_id++;
		return ESP_CONTENT_NOTHING;
	}
	*packet = inner.payload;
	*len = inner.len;
	return ESP_CONTENT_L2TP;
}

static enum esp_content take_esp(struct path *path, uint8_t **packet, size_t *len)
{
	struct cursor c = cursor_make(*packet, *len);
	struct path_esp_in *in = find(path->esp, cursor_u32(&c));
	uint32_t number = cursor_u32(&c);
	uint8_t *plain;
	size_t plain_len;

	if (!in || c.failed) {
		path->rx_counters.esp_unknown++;
		return ESP_CONTENT_NOTHING;
	}
	if (!esp_window_is_new(&in->window, number)) {
		path->rx_counters.esp_replayed++;
		return ESP_CONTENT_NOTHING;
	}
	if (!esp_open(in->cipher, *packet, *len, &plain, &plain_len)) {
		path->rx_counters.esp_bad++;
		return ESP_CONTENT_NOTHING;
	}
	esp_window_mark(&in->window, number);
	path->esp->heard_ms = path->now_ms;
	path->esp->opened++;
	return take_inner(path, plain, plain_len, packet, len);
}

enum esp_content esp_in_take(struct path *path, uint8_t **packet, size_t *len)
{
	static const uint8_t marker[ESP_MARKER];

	if (*len == 1 && **packet == KEEPALIVE)
		return ESP_CONTENT_NOTHING;
	if (*len < ESP_MARKER || memcmp(*packet, marker, sizeof marker) != 0)
		return take_esp(path, packet, len);
	*packet += ESP_MARKER;
	*len -= ESP_MARKER;
	return ESP_CONTENT_IKE;
}

/* Beside data */

static int send_octets(struct path *path, const void *octets, size_t len)
{
	if (send(path->config.wire_fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	path->rx_counters.wire_tx++;
	return 0;
}

int path_send_ike(struct path *path, const uint8_t *octets, size_t len)
{
	uint8_t message[ESP_MARKER + PATH_IKE_MAX] = {0};

	if (len > PATH_IKE_MAX)
		return -EMSGSIZE;
	memcpy(message + ESP_MARKER, octets, len);
	return send_octets(path, message, ESP_MARKER + len);
}

void path_send_keepalive(struct path *path)
{
	static const uint8_t octet = KEEPALIVE;

	(void)send_octets(path, &octet, 1);
}

int path_esp_send_tunnel(struct path *path, const uint8_t *octets, size_t len)
{
	uint8_t packet[ESP_HEAD_MAX + PATH_TUNNEL_MAX + ESP_TAIL_MAX], *start = NULL;
	bool open;

	if (len > PATH_TUNNEL_MAX)
		return -EMSGSIZE;
	memcpy(packet + ESP_HEAD_MAX, octets, len);
	path_turn_take(path);
	open = !path->tx_shut;
	if (open) {
		start = esp_out_wrap(path, packet + ESP_HEAD_MAX, &len);
		esp_out_seal(path->esp, start, len);
	}
	path_turn_give(path);
	return open ? send_octets(path, start, len) : -ENOTCONN;
}
