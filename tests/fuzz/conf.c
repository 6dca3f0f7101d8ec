/* SPDX-License-Identifier: MIT */
/* The loaders of profiles, PPP profiles and server.conf: the first byte chooses one, the rest is
 * the file.  A profile that loads must load again, the same, after `disabled` was rewritten. */
#include "fuzz.h"

#include "conf/profile.h"
#include "conf/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void leave(void)
{
	static const char *const names[] = {"office.conf", "ppp-profiles.conf", "server.conf"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	FUZZ_CHECK(rmdir(dir) == 0); /* no temporary file was left */
}

static void put(const char *name, const uint8_t *octets, size_t len)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0 && write(fd, octets, len) == (ssize_t)len);
	close(fd);
}

/* Fault lines go to a terminal. */
static void check_faults(struct conf_faults *faults, int result)
{
	FUZZ_CHECK(result != -EINVAL || faults->count);
	FUZZ_CHECK(result != 0 || !faults->count);
	for (size_t i = 0; i < faults->count && i < 64; i++)
		if (faults->lines[i])
			fuzz_check_text(faults->lines[i], strlen(faults->lines[i]));
	conf_faults_free(faults);
}

static void profile(void)
{
	static struct conf_profile first, again;
	struct conf_faults faults = {0};
	int result = conf_load(dir, "office", &first, &faults);

	check_faults(&faults, result);
	if (result < 0)
		return;
	for (int disabled = 1; disabled >= 0; disabled--) {
		FUZZ_CHECK(conf_set_disabled(dir, "office", disabled) == 0);
		FUZZ_CHECK(conf_load(dir, "office", &again, &faults) == 0);
		conf_faults_free(&faults);
		FUZZ_CHECK(again.disabled == disabled);
		FUZZ_CHECK(strcmp(first.user, again.user) == 0 &&
			   first.ppp.allow == again.ppp.allow &&
			   first.password.len == again.password.len &&
			   memcmp(first.password.bytes, again.password.bytes, first.password.len) ==
				   0 &&
			   strcmp(first.connect_to, again.connect_to) == 0 &&
			   first.type == again.type &&
			   first.ppp.mppe.policy == again.ppp.mppe.policy &&
			   first.ppp.mppe.strengths == again.ppp.mppe.strengths &&
			   first.lockdown == again.lockdown &&
			   first.add_default_route == again.add_default_route &&
			   first.route_count == again.route_count &&
			   memcmp(first.routes, again.routes,
				  first.route_count * sizeof first.routes[0]) == 0);
		conf_profile_wipe(&again);
	}
	conf_profile_wipe(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"office.conf", "ppp-profiles.conf", "server.conf"};
	struct conf_faults faults = {0};
	struct conf_server server;
	char path[128];
	int result;

	if (len == 0)
		return 0;
	if (!dir[0]) {
		(void)snprintf(dir, sizeof dir, "/dev/shm/vpdial-fuzz-XXXXXX");
		FUZZ_CHECK(mkdtemp(dir));
		(void)atexit(leave);
	}
	(void)snprintf(path, sizeof path, "%s/ppp-profiles.conf", dir);
	(void)unlink(path);
	put(names[data[0] % 3], data + 1, len - 1);
	switch (data[0] % 3) {
	case 0:
		profile();
		break;
	case 1:
		result = conf_check_ppp_file(path, &faults);
		check_faults(&faults, result);
		break;
	case 2:
		result = conf_server_load(dir, &server, &faults);
		check_faults(&faults, result);
		if (result == 0)
			conf_server_free(&server);
		break;
	}
	return 0;
}
