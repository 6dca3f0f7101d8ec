/* SPDX-License-Identifier: MIT */
/* The TUN device. */
#include "host/internal.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TUN_FILE      "/dev/net/tun"
#define TUN_QUEUE_LEN 500
#define NUMBER_MAX    9999

static const char needs_capability[] = "needs CAP_NET_ADMIN: run as root or "
				       "`setcap cap_net_admin,cap_net_raw+ep $(command -v vpdial)`";

static int open_failed(int error, struct reason *reason)
{
	if (error == EACCES || error == EPERM)
		reason_set(reason, EXIT_NOT_PERMITTED,
			   "opening " TUN_FILE " %s; in a container also `--device " TUN_FILE "`",
			   needs_capability);
	else if (error == ENOENT || error == ENODEV || error == ENXIO)
		reason_set(reason, EXIT_NO_DEVICE,
			   "there is no " TUN_FILE ": run `modprobe tun`; in a container start it "
			   "with `--device " TUN_FILE " --cap-add NET_ADMIN`");
	else
		reason_set(reason, EXIT_NO_DEVICE, "cannot open " TUN_FILE ": %s", strerror(error));
	return -error;
}

static int create_failed(int error, const char *name, struct reason *reason)
{
	if (error == EPERM || error == EACCES)
		reason_set(reason, EXIT_NOT_PERMITTED, "making a TUN device %s", needs_capability);
	else if (error == EBUSY)
		reason_set(reason, EXIT_BUSY, "there is an interface %s already", name);
	else if (error == EINVAL)
		reason_set(reason, EXIT_OPTIONS, "%s is no legal name for an interface", name);
	else
		reason_set(reason, EXIT_NO_DEVICE, "cannot make the TUN device %s: %s", name,
			   strerror(error));
	return -error;
}

#ifndef TUN_F_USO4 /* headers older than Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* IFF_TUN_EXCL: never take over a device that somebody else keeps. */
static int create_with(int fd, const char *name, int flags)
{
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | flags)};

	if (strchr(name, '%') || !str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name))
		return EINVAL;
	return ioctl(fd, TUNSETIFF, &ifr) < 0 ? errno : 0;
}

/* Large packets from the kernel, as far as it knows how. */
static void negotiate_offload(int fd, enum host_offload wanted, struct host_tun *tun)
{
	const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	if (wanted == HOST_OFFLOAD_UDP &&
	    ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0)
		tun->offload_udp = true;
	else
		ioctl(fd, TUNSETOFFLOAD, tcp); /* else single packets, with the header */
}

static int create(int fd, const char *name, enum host_offload wanted, struct host_tun *tun)
{
	int error = wanted == HOST_OFFLOAD_NONE ? EINVAL : create_with(fd, name, IFF_VNET_HDR);

	tun->offload = error == 0;
	tun->offload_udp = false;
	if (error == EINVAL)
		return create_with(fd, name, 0);
	if (error == 0)
		negotiate_offload(fd, wanted, tun);
	return error;
}

/* The first free number in place of the last letter of PATTERN; the name used into NAME. */
static int create_numbered(int fd, const char *pattern, char name[static IFNAMSIZ],
			   enum host_offload wanted, struct host_tun *tun)
{
	char whole[64];
	int error = EBUSY;

	for (unsigned i = 1; i <= NUMBER_MAX && error == EBUSY; i++) {
		struct str s = str_make(whole, sizeof(whole));

		str_printf(&s, "%.*s%u", (int)strlen(pattern) - 1, pattern, i);
		if (!str_copy(name, IFNAMSIZ, whole))
			return EINVAL;
		error = if_nametoindex(name) ? EBUSY : create(fd, name, wanted, tun);
	}
	return error;
}

/* The server is no router of this machine: no addresses or routes by its advertisements. */
static void ignore_advertisements(const struct host *host, const char *name)
{
	static const char *const knobs[] = {"accept_ra", "autoconf", "accept_redirects"};
	char path[96];
	int fd;

	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		struct str s = str_make(path, sizeof(path));

		str_printf(&s, "/proc/sys/net/ipv6/conf/%s/%s", name, knobs[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			return; /* no IPv6 here */
		if (fd < 0 || write(fd, "0", 1) != 1)
			log_info(host->log, "cannot switch %s off for %s: %s", knobs[i], name,
				 strerror(errno));
		if (fd >= 0)
			close(fd);
	}
}

int host_tun_rename(struct host *host, struct host_tun *tun, const char *name,
		    struct reason *reason)
{
	char text[200];
	int r = host_link_rename(&host->nl, tun->ifindex, name);

	if (r < 0) {
		reason_set(reason, EXIT_NO_DEVICE, "cannot name %s %s: %s", tun->ifname, name,
			   host_nl_error(&host->nl, r, text, sizeof(text)));
		return r;
	}
	str_copy(tun->ifname, sizeof(tun->ifname), name);
	return 0;
}

int host_tun_open(struct host *host, const char *pattern, enum host_offload wanted,
		  struct host_tun *tun, struct reason *reason)
{
	size_t len = strlen(pattern);
	char name[IFNAMSIZ], text[200];
	int fd, error, r;

	if (len < 1 || len >= IFNAMSIZ)
		return create_failed(EINVAL, pattern, reason);
	str_copy(name, sizeof(name), pattern);
	fd = open(TUN_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return open_failed(errno, reason);
	if (len > 1 && pattern[len - 1] == 'N')
		error = create_numbered(fd, pattern, name, wanted, tun);
	else
		error = create(fd, name, wanted, tun);
	if (error) {
		close(fd);
		return create_failed(error, name, reason);
	}
	tun->ifindex = if_nametoindex(name);
	r = host_link_prepare(&host->nl, tun->ifindex, TUN_QUEUE_LEN);
	if (r < 0) {
		close(fd);
		reason_set(reason, EXIT_NO_DEVICE, "cannot set up %s: %s", name,
			   host_nl_error(&host->nl, r, text, sizeof(text)));
		return r;
	}
	ignore_advertisements(host, name);
	tun->fd = fd;
	str_copy(tun->ifname, sizeof(tun->ifname), name);
	return 0;
}

int host_tun_counters(struct host *host, const struct host_tun *tun, struct host_counters *counters)
{
	struct host_link link;
	int r = host_link_get(&host->nl, tun->ifindex, &link);

	if (r == 0)
		*counters = (struct host_counters){link.rx_packets, link.rx_bytes, link.tx_packets,
						   link.tx_bytes};
	return r;
}
