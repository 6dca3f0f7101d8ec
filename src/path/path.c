/* SPDX-License-Identifier: MIT */
/* The data path for one call: its life, its state, its deadlines. */
#include "path/internal.h"

#include "base/str.h"
#include <stdlib.h>

static bool prepare_receive(struct path *path)
{
	bool gro = path->config.udp_gro;
	size_t slot = gro ? PATH_GRO_SLOT : PATH_SLOT;

	path->rx_slots = gro ? PATH_GRO_SLOTS : PATH_BURST;
	path->rx_slab = malloc(path->rx_slots * slot);
	if (!path->rx_slab)
		return false;
	for (unsigned i = 0; i < path->rx_slots; i++) {
		struct msghdr *msg = &path->rx_msgs[i].msg_hdr;

		path->rx_iov[i] = (struct iovec){path->rx_slab + i * slot, slot};
		msg->msg_iov = &path->rx_iov[i];
		msg->msg_iovlen = 1;
		if (path->config.encap == PROTOCOL_L2TP && !path->config.esp)
			msg->msg_name = &path->rx_from[i];
		if (gro)
			msg->msg_control = &path->rx_control[i];
	}
	return true;
}

struct path *path_new(const struct path_config *config, const struct path_callbacks *callbacks,
		      const struct log *log)
{
	struct path *path = aligned_alloc(_Alignof(struct path), sizeof *path);
	const struct join_config join = {config->tun_offload_udp, path_write_tun, path_taken, path};

	if (!path)
		return NULL;
	memset(path, 0, sizeof *path);
	path->config = *config;
	path->callbacks = *callbacks;
	path->log = log;
	path->state.tx_blocked = true;
	path->state.peer_mru = 1500;
	path->tx_state = path->state;
	path->tx_shut = config->esp;
	if (config->encap == PROTOCOL_L2TP && !config->esp)
		path->target = &path->config.peer;
	path->kept = calloc(MPPE_KEPT_KEYS, sizeof *path->kept);
	path->tx_slab = malloc(PATH_TX_SLAB + PATH_TAILROOM + MP_PIECES_MAX * MP_PIECE_GAP);
	path->tx_large = malloc(PATH_TX_HEAD + OFFLOAD_PACKET_MAX);
	if (!path->kept || !path->tx_slab || !path->tx_large || !prepare_receive(path) ||
	    (config->tun_offload && !(path->join = join_new(&join))) ||
	    (config->esp && !(path->esp = path_esp_make(config)))) {
		path_free(path);
		return NULL;
	}
	return path;
}

void path_free(struct path *path)
{
	if (!path)
		return;
	if (path->worker)
		path_worker_release(path->worker);
	path_esp_free(path->esp);
	free(path->kept);
	free(path->tx_slab);
	free(path->tx_large);
	free(path->rx_slab);
	join_free(path->join);
	free(path->reorder);
	free(path->mp);
	wipe(path, sizeof *path);
	free(path);
}

void path_set_call(struct path *path, const struct path_call *call)
{
	path_turn_take(path);
	path->call = *call;
	path->call_set = true;
	path_turn_give(path);
}

/* A queue for order is wanted only while the receiving direction is stateful. */
static void set_reorder(struct path *path)
{
	bool wanted = path->state.rx.bits && path->state.rx.stateful;

	free(path->reorder);
	path->reorder = wanted ? calloc(1, sizeof *path->reorder) : NULL;
}

/* What leaves after this obeys STATE: a burst under way ends first. */
static void set_sending_state(struct path *path, const struct path_state *state)
{
	struct path_mppe before;

	path_turn_take(path);
	before = path->tx_state.tx;
	path->tx_state = *state;
	path->mp_tx.acfc = state->tx_acfc;
	path->tx_state.tx_acfc |= state->mp_tx.mrru != 0;
	if (state->rekey_on_flush)
		path->tx.rekey_on_flush = true;
	if (state->tx.bits && (!before.bits || before.generation != state->tx.generation))
		mppe_tx_init(&path->tx, state->tx.bits, state->tx.stateful, state->tx.start);
	path_turn_give(path);
	wipe(&before, sizeof before);
}

void path_set_state(struct path *path, const struct path_state *state)
{
	struct path_mppe before = path->state.rx;
	uint32_t generation = path->state.mp_generation;

	path->state = *state;
	set_sending_state(path, state);
	if (state->mp_generation != generation)
		mp_rx_start(path);
	if (state->rekey_on_flush)
		path->rx.rekey_on_flush = true;
	if (state->rx.bits && (!before.bits || before.generation != state->rx.generation)) {
		mppe_rx_init(&path->rx, state->rx.bits, state->rx.stateful, state->rx.start,
			     path->kept);
		mppe_run_clear(&path->run);
		path->mppe_number_known = false;
		path->control_since = 0;
		set_reorder(path);
	}
	wipe(&before, sizeof before);
}

void path_flush_tx(struct path *path)
{
	path_turn_take(path);
	path->tx.flush = true;
	path_turn_give(path);
}

void path_watch_inner(struct path *path, bool on)
{
	path->watch_inner = on;
}

bool path_in_doubt(const struct path *path)
{
	return path->doubt;
}

void path_proved(struct path *path)
{
	path->doubt = false;
}

uint64_t path_deadline(const struct path *path)
{
	uint64_t ack = gre_deadline(path);

	if (path->reorder)
		ack = deadline_min(ack, reorder_deadline(path->reorder));
	return deadline_min(ack, mp_deadline(path));
}

void path_tick(struct path *path, uint64_t now_ms)
{
	path->now_ms = now_ms;
	if (path->reorder && reorder_deadline(path->reorder) <= now_ms)
		path_drain(path, true, now_ms);
	if (mp_deadline(path) <= now_ms) {
		mp_drain(path, true, now_ms);
		path_rx_settle(path);
	}
	path_ack_if_due(path, now_ms);
}

const struct path_counters *path_rx_counters(const struct path *path)
{
	return &path->rx_counters;
}

const struct path_counters *path_counters(struct path *path)
{
	struct path_counters *told = &path->told;
	const struct path_counters *sent = &path->tx_counters;

	*told = path->rx_counters;
	path_turn_take(path);
	told->tx_packets = sent->tx_packets;
	told->tx_bytes = sent->tx_bytes;
	told->tx_blocked = sent->tx_blocked;
	told->tx_too_big = sent->tx_too_big;
	told->tx_full = sent->tx_full;
	told->mp_tx = sent->mp_tx;
	told->last_tx_ms = sent->last_tx_ms;
	told->wire_tx += sent->wire_tx;
	told->wire_tx_fast = sent->wire_tx_fast;
	told->wire_errors += sent->wire_errors;
	path_turn_give(path);
	return told;
}

static void encoding_part(struct str *s, const struct path_mppe *mppe)
{
	if (mppe->bits)
		str_printf(s, "MPPE%u %s", mppe->bits, mppe->stateful ? "stateful" : "stateless");
	else
		str_printf(s, "none");
}

char *path_encoding(const struct path *path, char *buf, size_t cap)
{
	const struct path_mppe *rx = &path->state.rx, *tx = &path->state.tx;
	struct str s = str_make(buf, cap);

	encoding_part(&s, rx);
	if (rx->bits != tx->bits || (rx->bits && rx->stateful != tx->stateful)) {
		str_printf(&s, "/");
		encoding_part(&s, tx);
	}
	return buf;
}
