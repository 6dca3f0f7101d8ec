/* SPDX-License-Identifier: MIT */
/* TUN to socket: bursts, framing, encryption, and the gate that keeps clear text in. */
#include "path/cut.h"
#include "path/internal.h"

#include "wire/frame.h"

#include <errno.h>
#include <unistd.h>

/* START of LEN octets, a packet of its own, to the peer. */
static int send_alone(struct path *path, const uint8_t *start, size_t len)
{
	const struct sockaddr_storage *to = path->target;

	if (sendto(path->config.wire_fd, start, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)to, to ? path->config.peer_len : 0) < 0) {
		path->tx_counters.wire_errors++;
		return -errno;
	}
	path->tx_counters.wire_tx++;
	return 0;
}

/* NCPs belong to the bundle; LCP, authentication and CCP of a link do not. */
static bool goes_into_mp(const struct path *path, uint16_t protocol)
{
	return path->tx_state.mp_tx.mrru && frame_is_ncp(protocol);
}

int path_send_control(struct path *path, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t packet[PATH_HEADROOM + PATH_FRAME_MAX + PATH_TAILROOM];
	uint8_t *frame = packet + PATH_HEADROOM, *start;
	size_t whole = FRAME_HEAD_MAX + len, n;
	int rc = -ENOTCONN;

	if (whole > PATH_FRAME_MAX)
		return -EMSGSIZE;
	if (!path->call_set)
		return -ENOTCONN;
	path_turn_take(path);
	if (!path->tx_shut) {
		bool inside = goes_into_mp(path, protocol);

		n = frame_head_write(frame, protocol, inside, false);
		whole = n + len;
		memcpy(frame + n, info, len);
		start = inside ? mp_wrap_whole(path, frame, &whole)
			       : path_wrap(path, frame, &whole);
		if (path->esp)
			esp_out_seal(path->esp, start, whole);
		rc = send_alone(path, start, whole);
	}
	path_turn_give(path);
	return rc;
}

/* May packets of this kind leave now? */
static bool tx_open(struct path *path, const uint8_t *ip, size_t len)
{
	const struct path_state *s = &path->tx_state;
	bool open = len >= 20 && (ip[0] >> 4 == 4 ? s->ipv4 : ip[0] >> 4 == 6 ? s->ipv6 : false);

	if (open && !s->tx_blocked && path->call_set && !path->tx_shut)
		return true;
	path->tx_counters.tx_blocked++;
	return false;
}

static inline bool tx_fits(struct path *path, size_t len)
{
	const struct path_state *s = &path->tx_state;
	size_t whole = len + (s->tx.bits ? 2 + MPPE_HEADER : 0);

	if (s->mp_tx.mrru ? mp_fits(s, whole) : len <= PATH_FRAME_MAX - 8 && whole <= s->peer_mru)
		return true;
	path->tx_counters.tx_too_big++;
	return false;
}

/* Encrypts what waits for it and sends the burst so far. */
static void tx_flush(struct path *path)
{
	if (path->tx_job_count)
		mppe_encrypt_jobs(&path->tx, path->tx_jobs, path->tx_job_count);
	if (path->mp_tx.count)
		mp_cut_burst(path);
	for (unsigned i = 0; path->esp && i < path->tx_count; i++)
		esp_out_seal(path->esp, path->tx_packets[i].iov_base, path->tx_packets[i].iov_len);
	if (path->tx_count)
		path_send_packets(path);
	path->tx_job_count = 0;
	path->tx_count = 0;
	path->tx_used = 0;
}

/* Where the next packet of up to LEN octets goes, behind its headroom. */
static uint8_t *tx_place(struct path *path, size_t len)
{
	if (path->tx_count == PATH_BURST || path->tx_used + PATH_HEADROOM + len > PATH_TX_SLAB)
		tx_flush(path);
	return path->tx_slab + path->tx_used + PATH_HEADROOM;
}

/* Stateless: number and key now, the cipher with that of other packets. */
static void encrypt(struct path *path, uint8_t *header, uint8_t *data, size_t len)
{
	struct rc4_job *job = &path->tx_jobs[path->tx_job_count];

	if (path->tx.stateful) {
		mppe_encrypt(&path->tx, header, data, len);
		return;
	}
	job->data = data;
	job->len = len;
	mppe_number(&path->tx, header, job->key);
	path->tx_job_count++;
}

/* Puts the PPP head (and MPPE) before an inner packet; returns where the frame starts. */
static uint8_t *frame_packet(struct path *path, uint8_t *ip, size_t *len)
{
	const struct path_state *s = &path->tx_state;
	uint16_t protocol = ip[0] >> 4 == 4 ? FRAME_IPV4 : FRAME_IPV6;
	uint8_t head[FRAME_HEAD_MAX], *frame = ip;
	size_t n;

	if (s->tx.bits) {
		/* Inside MPPE the full two-octet protocol: every peer takes it. */
		frame -= 2;
		frame[0] = (uint8_t)(protocol >> 8);
		frame[1] = (uint8_t)protocol;
		encrypt(path, frame - MPPE_HEADER, frame, *len + 2);
		frame -= MPPE_HEADER;
		*len += 2 + MPPE_HEADER;
		protocol = FRAME_COMPRESSED;
	}
	n = frame_head_write(head, protocol, s->tx_acfc, s->tx_pfc);
	frame -= n;
	memcpy(frame, head, n);
	*len += n;
	return frame;
}

/* The packets of the burst end at END of the slab now. */
static void tx_end(struct path *path, const uint8_t *end)
{
	path->tx_used = ((size_t)(end - path->tx_slab) + 63) & ~(size_t)63;
}

/* Multilink: the frame is cut, and what is before its pieces written, when it is encrypted. */
static void tx_add_mp(struct path *path, uint8_t *frame, size_t len)
{
	unsigned pieces = mp_pieces(&path->tx_state, len);

	if (path->tx_count + pieces > PATH_BURST)
		tx_flush(path);
	path->mp_tx.wholes[path->mp_tx.count++] = (struct mp_whole){frame, len};
	path->tx_count += pieces;
	tx_end(path, frame + len + pieces * MP_PIECE_GAP);
}

/* A packet at tx_place, whole and permitted, joins the burst. */
static void tx_add(struct path *path, uint8_t *ip, size_t len)
{
	struct iovec *packet;

	path->tx_counters.tx_packets++;
	path->tx_counters.tx_bytes += len;
	if (path->tx_state.mss_mtu)
		mss_clamp(ip, len, path->tx_state.mss_mtu);
	ip = frame_packet(path, ip, &len);
	if (path->tx_state.mp_tx.mrru) {
		tx_add_mp(path, ip, len);
		return;
	}
	packet = &path->tx_packets[path->tx_count++];
	packet->iov_base = path_wrap(path, ip, &len);
	packet->iov_len = len;
	tx_end(path, (uint8_t *)packet->iov_base + len);
}

/* PACKET lies in tx_large. */
static void tx_cut(struct path *path, const struct offload *offload, const uint8_t *packet,
		   size_t len)
{
	struct cut cut;
	size_t n;

	if (!cut_begin(&cut, offload, packet, len)) {
		path->tx_counters.tx_too_big++;
		return;
	}
	while ((n = cut_next_len(&cut)) > 0) {
		uint8_t *to;

		if (!tx_fits(path, n))
			return; /* so are the others */
		to = tx_place(path, n);
		cut_next(&cut, to);
		tx_add(path, to, n);
	}
}

/* What was read: LEN octets, the first PATH_TX_HEAD at HEAD, the rest in tx_large. */
static void tx_packet(struct path *path, uint8_t *head, size_t len)
{
	size_t skip = path->config.tun_offload ? sizeof(struct offload) : 0;
	struct offload offload = {0};
	uint8_t *ip = head + skip;

	if (len < skip + 20)
		return;
	memcpy(&offload, head, skip);
	len -= skip;
	if (!tx_open(path, ip, len))
		return;
	if (offload.gso_type != OFFLOAD_NONE || len + skip > PATH_TX_HEAD) {
		memcpy(path->tx_large, head, PATH_TX_HEAD);
		ip = path->tx_large + skip;
	}
	if (offload.gso_type != OFFLOAD_NONE) {
		tx_cut(path, &offload, ip, len);
		return;
	}
	if (!tx_fits(path, len) || !cut_complete(&offload, ip, len))
		return;
	if (len + skip > PATH_TX_HEAD) {
		head = tx_place(path, len);
		memcpy(head, ip, len);
		ip = head;
	}
	tx_add(path, ip, len);
}

bool path_send_burst(struct path *path, uint64_t now_ms)
{
	uint64_t before = path->tx_counters.tx_packets;
	size_t skip = path->config.tun_offload ? sizeof(struct offload) : 0, octets = 0;
	bool more = true;

	path->packet.now_ms = now_ms;
	for (unsigned i = 0; i < PATH_READS && octets < PATH_OCTETS; i++) {
		/* The packet's own place, so that most packets are never moved. */
		uint8_t *head = tx_place(path, PATH_TX_HEAD) - skip;
		const struct iovec iov[2] = {{head, PATH_TX_HEAD},
					     {path->tx_large + PATH_TX_HEAD, OFFLOAD_PACKET_MAX}};
		ssize_t n = readv(path->config.tun_fd, iov, 2);

		if (n <= 0) {
			more = false;
			break;
		}
		octets += (size_t)n;
		tx_packet(path, head, (size_t)n);
	}
	tx_flush(path);
	if (path->tx_counters.tx_packets != before) {
		path->tx_counters.last_tx_ms = now_ms;
		if (path->tx_state.tx.bits)
			mppe_tx_prepare(&path->tx);
	}
	return more;
}

bool path_burst_tx(struct path *path, uint64_t now_ms)
{
	bool more;

	path_turn_take(path);
	more = path_send_burst(path, now_ms);
	path_turn_give(path);
	path_take_errors_of_sending(path);
	return more;
}

int path_send_packet(struct path *path, const uint8_t *ip, size_t len)
{
	bool open;

	if (len > PATH_FRAME_MAX)
		return -EMSGSIZE;
	path_turn_take(path);
	open = tx_open(path, ip, len) && tx_fits(path, len);
	if (open) {
		uint8_t *to = tx_place(path, len);

		memcpy(to, ip, len);
		tx_add(path, to, len);
		tx_flush(path);
	}
	path_turn_give(path);
	path_take_errors_of_sending(path);
	return open ? 0 : -ENETDOWN;
}
