/* SPDX-License-Identifier: MIT */
/* naive - the ordinary way to build such a tunnel, to be compared with: poll, one packet in each
 * system call, OpenSSL's ciphers with a new key for each packet.  No control connection: both ends
 * are told everything.
 *
 * usage: naive TUN gre|l2tp OWN-ADDRESS PEER-ADDRESS mppe|clear a|b
 * One end is "a", the other one "b".  Runs until it is killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADROOM   32
#define PACKET_MAX 10240
#define L2TP_PORT  1701
#define CALL_ID	   77
#define BUFFER	   (4 << 20)
#define GRE_PPP	   0x880b
#define STEP_MAX   2048

struct direction {
	uint8_t start[16], session[16];
	uint16_t count; /* of the next packet */
	EVP_CIPHER_CTX *rc4;
};

static EVP_MD_CTX *sha1;
static struct direction tx, rx;
static bool gre, mppe;
static uint32_t next_seq, last_seen;
static bool ack_due;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "naive: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* RFC 3078 section 7.3. */
static void digest(struct direction *d, uint8_t out[20])
{
	static const uint8_t zeros[40];
	uint8_t f2[40];

	memset(f2, 0xf2, sizeof f2);
	EVP_DigestInit_ex(sha1, NULL, NULL);
	EVP_DigestUpdate(sha1, d->start, 16);
	EVP_DigestUpdate(sha1, zeros, 40);
	EVP_DigestUpdate(sha1, d->session, 16);
	EVP_DigestUpdate(sha1, f2, 40);
	EVP_DigestFinal_ex(sha1, out, NULL);
}

static void next_key(struct direction *d)
{
	uint8_t interim[20];
	int n;

	digest(d, interim);
	EVP_EncryptInit_ex2(d->rc4, NULL, interim, NULL, NULL);
	EVP_EncryptUpdate(d->rc4, d->session, &n, interim, 16);
}

static void crypt_packet(struct direction *d, uint8_t *data, int len)
{
	EVP_EncryptInit_ex2(d->rc4, NULL, d->session, NULL, NULL);
	EVP_EncryptUpdate(d->rc4, data, &len, data, len);
}

static void start_direction(struct direction *d, const EVP_CIPHER *rc4, uint8_t key)
{
	uint8_t first[20];

	memset(d->start, key, 16);
	memset(d->session, key, 16);
	d->rc4 = EVP_CIPHER_CTX_new();
	check(EVP_EncryptInit_ex2(d->rc4, rc4, d->start, NULL, NULL) == 1, "RC4");
	digest(d, first);
	memcpy(d->session, first, 16);
}

static void start_crypto(bool first)
{
	EVP_CIPHER *rc4;
	EVP_MD *md;

	check(OSSL_PROVIDER_load(NULL, "legacy") && OSSL_PROVIDER_load(NULL, "default"),
	      "OpenSSL's providers");
	rc4 = EVP_CIPHER_fetch(NULL, "RC4", NULL);
	md = EVP_MD_fetch(NULL, "SHA1", NULL);
	sha1 = EVP_MD_CTX_new();
	check(rc4 && md && EVP_DigestInit_ex(sha1, md, NULL) == 1, "RC4 or SHA-1");
	start_direction(&tx, rc4, first ? 1 : 2);
	start_direction(&rx, rc4, first ? 2 : 1);
}

static uint8_t *prepend16(uint8_t *p, unsigned v)
{
	p[-2] = (uint8_t)(v >> 8);
	p[-1] = (uint8_t)v;
	return p - 2;
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint8_t *wrap_gre(uint8_t *p, size_t len)
{
	bool ack = ack_due;

	if (ack) {
		p = prepend16(p, last_seen & 0xffff);
		p = prepend16(p, last_seen >> 16);
		ack_due = false;
	}
	p = prepend16(p, next_seq & 0xffff);
	p = prepend16(p, next_seq++ >> 16);
	p = prepend16(p, CALL_ID);
	p = prepend16(p, (unsigned)len);
	p = prepend16(p, GRE_PPP);
	return prepend16(p, ack ? 0x3081 : 0x3001);
}

static void tun_to_socket(int tun, int sock)
{
	uint8_t buffer[PACKET_MAX], *p = buffer + HEADROOM, *end;
	ssize_t n = read(tun, p, sizeof buffer - HEADROOM);

	if (n < 20)
		return;
	end = p + n;
	p = prepend16(p, p[0] >> 4 == 6 ? 0x57 : 0x21);
	if (mppe) {
		next_key(&tx);
		crypt_packet(&tx, p, (int)(end - p));
		p = prepend16(p, 0x9000 | tx.count);
		tx.count = (tx.count + 1) & 0xfff;
		p = prepend16(p, 0xfd);
	}
	p = prepend16(p, 0xff03);
	if (gre) {
		p = wrap_gre(p, (size_t)(end - p));
	} else {
		p = prepend16(p, CALL_ID);
		p = prepend16(p, CALL_ID);
		p = prepend16(p, 2);
	}
	send(sock, p, (size_t)(end - p), 0); /* a full socket: lost */
}

/* The PPP frame of a GRE packet, which begins with the IP header; NULL if there is none. */
static uint8_t *unwrap_gre(uint8_t *p, size_t *len)
{
	size_t ip = (size_t)(p[0] & 15) * 4, header = 8, n;

	if (*len < ip + 8 || get16(p + ip + 2) != GRE_PPP || get16(p + ip + 6) != CALL_ID ||
	    !(p[ip] & 0x10))
		return NULL;
	n = get16(p + ip + 4);
	header += 4 + (p[ip + 1] & 0x80 ? 4 : 0);
	if (*len < ip + header + n)
		return NULL;
	last_seen = (uint32_t)get16(p + ip + 8) << 16 | get16(p + ip + 10);
	ack_due = true;
	*len = n;
	return p + ip + header;
}

/* Decrypts; false for a packet that came too late. */
static bool decrypt(uint8_t *p, size_t len)
{
	unsigned ahead = (get16(p) - rx.count) & 0xfff;

	if (ahead > STEP_MAX)
		return false;
	for (unsigned i = 0; i <= ahead; i++)
		next_key(&rx);
	rx.count = (rx.count + ahead + 1) & 0xfff;
	crypt_packet(&rx, p + 2, (int)len - 2);
	return true;
}

static void socket_to_tun(int sock, int tun)
{
	uint8_t buffer[PACKET_MAX], *p = buffer;
	ssize_t n = recv(sock, buffer, sizeof buffer, 0);
	size_t len = n > 0 ? (size_t)n : 0;

	if (len < 28)
		return;
	if (gre) {
		p = unwrap_gre(p, &len);
	} else {
		p += 6;
		len -= 6;
	}
	if (!p || len < 8 || get16(p) != 0xff03)
		return;
	p += 2;
	len -= 2;
	if (mppe) {
		if (get16(p) != 0xfd || !decrypt(p + 2, len - 2))
			return;
		p += 4;
		len -= 4;
	}
	if (get16(p) == 0x21 || get16(p) == 0x57)
		check(write(tun, p + 2, len - 2) >= 0 || errno != EBADF, "write");
}

static int open_tun(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	check(fd >= 0 && strlen(name) < IFNAMSIZ, "/dev/net/tun");
	memcpy(ifr.ifr_name, name, strlen(name));
	check(ioctl(fd, TUNSETIFF, &ifr) == 0, name);
	return fd;
}

static int open_socket(const char *own, const char *peer)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, (gre ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK,
			gre ? IPPROTO_GRE : 0);
	int size = BUFFER;

	check(fd >= 0, "socket");
	if (!gre)
		from.sin_port = to.sin_port = htons(L2TP_PORT);
	check(inet_pton(AF_INET, own, &from.sin_addr) == 1 &&
		      inet_pton(AF_INET, peer, &to.sin_addr) == 1,
	      "address");
	check(bind(fd, (struct sockaddr *)&from, sizeof from) == 0, "bind");
	check(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd fds[2];

	if (argc != 7) {
		fprintf(stderr, "usage: naive TUN gre|l2tp OWN PEER mppe|clear a|b\n");
		return 2;
	}
	gre = strcmp(argv[2], "gre") == 0;
	mppe = strcmp(argv[5], "mppe") == 0;
	start_crypto(argv[6][0] == 'a');
	fds[0] = (struct pollfd){.fd = open_tun(argv[1]), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = open_socket(argv[3], argv[4]), .events = POLLIN};
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			tun_to_socket(fds[0].fd, fds[1].fd);
		if (fds[1].revents)
			socket_to_tun(fds[1].fd, fds[0].fd);
	}
}
