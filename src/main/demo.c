/* SPDX-License-Identifier: MIT */
/* `vpdial demo`: server and client in namespaces of their own; everything ends with them.
 *
 *   this process -- waits, and removes the files
 *     first process of a PID namespace, client's network namespace -- runs the commands
 *       the server's network namespace: `serve`, and a sink for the throughput figure */
#include "main/demo.h"

#include "host/lab.h"
#include "main/policy.h"
#include "main/probe.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_OUTER "192.0.2.1"
#define CLIENT_OUTER "192.0.2.2"
#define SERVER_INNER "10.77.0.1"
#define PATH_LEN     300

struct demo {
	char dir[64];
	const struct cli_programs *programs;
	pid_t server;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = number;
}

static int write_file(const struct demo *d, const char *name, const char *text)
{
	char path[PATH_LEN];
	int fd, rc;

	(void)snprintf(path, sizeof path, "%s/%s", d->dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
	close(fd);
	return rc;
}

static const char server_file[] = "[pptp-server]\nenabled = yes\nlisten = " SERVER_OUTER "\n"
				  "default-profile = default-encryption\n\n"
				  "[l2tp-server]\nenabled = yes\nlisten = " SERVER_OUTER "\n"
				  "default-profile = default-encryption\n\n"
				  "[secret demo]\npassword = \"demo\"\n"
				  "local-address = " SERVER_INNER "\n"
				  "remote-address = 10.77.0.10-10.77.0.20\n";

static const char client_file[] = "[connection]\ntype = %s\nconnect-to = " SERVER_OUTER "\n"
				  "user = demo\npassword = \"demo\"\n"
				  "profile = default-encryption\n";

static int make_files(struct demo *d)
{
	static const char *const dirs[] = {"server", "client", "server-run", "client-run"};
	static const char *const types[] = {"pptp", "l2tp"};
	const char *tmp = getenv("TMPDIR");
	char path[PATH_LEN], text[512];
	int rc = 0;

	if (!tmp || strlen(tmp) > 30)
		tmp = "/tmp";
	(void)snprintf(d->dir, sizeof d->dir, "%s/vpdial-demo.XXXXXX", tmp);
	if (!mkdtemp(d->dir))
		return -errno;
	for (size_t i = 0; i < 4 && rc == 0; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", d->dir, dirs[i]);
		rc = mkdir(path, 0755) < 0 ? -errno : 0;
	}
	if (rc == 0)
		rc = write_file(d, "server/server.conf", server_file);
	for (size_t i = 0; i < 2 && rc == 0; i++) {
		(void)snprintf(text, sizeof text, client_file, types[i]);
		(void)snprintf(path, sizeof path, "client/%s.conf", types[i]);
		rc = write_file(d, path, text);
	}
	return rc;
}

/* Two levels are all there is. */
static void remove_files(const char *dir, int levels)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char path[PATH_LEN];

	while (d && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
		if (unlink(path) < 0 && levels > 0)
			remove_files(path, levels - 1);
	}
	if (d)
		closedir(d);
	(void)rmdir(dir);
}

/* Namespaces */

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* An ordinary user gets the capabilities that a namespace of his own gives him.  He keeps his
 * number: only as "root" would the sessions try to become nobody, whom that namespace lacks. */
static int enter_namespaces(void)
{
	unsigned uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWNET | CLONE_NEWPID) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID) < 0)
		return -errno;
	(void)snprintf(map, sizeof map, "%u %u 1", uid ? uid : 1000, uid);
	if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
		return -EPERM;
	(void)snprintf(map, sizeof map, "%u %u 1", gid ? gid : 1000, gid);
	return write_text("/proc/self/gid_map", map) ? 0 : -EPERM;
}

static struct in_addr address_of(const char *text)
{
	struct in_addr a = {0};

	(void)inet_pton(AF_INET, text, &a);
	return a;
}

/* The server's side */

static _Noreturn void run_server(const struct demo *d, int ready, int go)
{
	char config[PATH_LEN], run_dir[PATH_LEN], octet;
	struct serve_options options = {.config = config, .run_dir = run_dir, .ready_fd = ready};
	int rc;

	if (unshare(CLONE_NEWNET) < 0 || write(ready, "n", 1) != 1 || read(go, &octet, 1) != 1)
		_exit(EXIT_FATAL);
	rc = host_lab_up("lo", (struct in_addr){0}, 0);
	if (rc == 0)
		rc = host_lab_up("server", address_of(SERVER_OUTER), 24);
	if (rc < 0) {
		(void)fprintf(stderr, "vpdial: demo: the server's link: %s\n", strerror(-rc));
		_exit(EXIT_FATAL);
	}
	if (fork() == 0)
		_exit(probe_sink());
	(void)snprintf(config, sizeof config, "%s/server", d->dir);
	(void)snprintf(run_dir, sizeof run_dir, "%s/server-run", d->dir);
	exit(serve_main(&options, &main_policy));
}

static bool wait_octet(int fd)
{
	char octet;

	return read(fd, &octet, 1) == 1;
}

static int start_server(struct demo *d)
{
	int ready[2], go[2], rc;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	(void)fflush(stdout);
	d->server = fork();
	if (d->server == 0) {
		close(ready[0]);
		close(go[1]);
		run_server(d, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	if (d->server < 0)
		return -errno;
	rc = wait_octet(ready[0]) ? host_lab_veth("client", "server", d->server) : -EIO;
	if (rc == 0)
		rc = host_lab_up("lo", (struct in_addr){0}, 0);
	if (rc == 0)
		rc = host_lab_up("client", address_of(CLIENT_OUTER), 24);
	if (rc == 0 && (write(go[1], "g", 1) != 1 || !wait_octet(ready[0])))
		rc = -EIO;
	close(ready[0]);
	close(go[1]);
	return rc;
}

/* The client's side */

/* One command line of our own, as a user would type it. */
static int command(const struct demo *d, const char *who, const char *word, const char *name)
{
	char config[PATH_LEN], run_dir[PATH_LEN];
	char *argv[] = {(char[]){"vpdial"},
			(char[]){"--config"},
			config,
			(char[]){"--run-dir"},
			run_dir,
			(char *)(uintptr_t)word,
			(char *)(uintptr_t)name,
			NULL};
	int status;
	pid_t pid;

	(void)snprintf(config, sizeof config, "%s/%s", d->dir, who);
	(void)snprintf(run_dir, sizeof run_dir, "%s/%s-run", d->dir, who);
	printf("\n$ vpdial %s%s%s\n", word, name ? " " : "", name ? name : "");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		exit(cli_main(name ? 7 : 6, argv, d->programs));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return EXIT_FATAL;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FATAL;
}

static int show_call(const struct demo *d, const char *name)
{
	struct in_addr inner = address_of(SERVER_INNER);
	double mbit;
	int rc = command(d, "client", "connect", name);

	if (rc)
		return rc;
	printf("\n$ ping -c 3 " SERVER_INNER "\n");
	rc = probe_ping(inner, 3) == 3 ? 0 : EXIT_FATAL;
	if (rc == 0)
		rc = command(d, "client", "status", name);
	if (rc == 0)
		rc = command(d, "server", "users", NULL);
	if (rc == 0) {
		rc = probe_throughput(inner, 1000, &mbit) < 0 ? EXIT_FATAL : 0;
		if (rc == 0)
			printf("\nOne second of TCP through the tunnel: %.0f Mbit/s\n", mbit);
	}
	if (command(d, "client", "disconnect", name) != 0 && rc == 0)
		rc = EXIT_FATAL;
	return rc;
}

static _Noreturn void run_client(struct demo *d)
{
	int rc = start_server(d);

	if (rc < 0) {
		(void)fprintf(stderr, "vpdial: demo: no server: %s\n", strerror(-rc));
		rc = EXIT_FATAL;
	} else {
		rc = show_call(d, "pptp");
		if (rc == 0)
			rc = show_call(d, "l2tp");
		kill(d->server, SIGTERM);
		waitpid(d->server, NULL, 0);
	}
	(void)fflush(stdout);
	_exit(rc);
}

static int watch_over(pid_t client)
{
	int status;

	while (waitpid(client, &status, 0) < 0) {
		if (errno != EINTR)
			return EXIT_FATAL;
		kill(client, SIGKILL); /* and with it all others of its PID namespace */
	}
	if (interrupted)
		return EXIT_SIGNAL;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FATAL;
}

int demo_run(const struct cli *cli)
{
	struct demo d = {.programs = cli->programs};
	struct sigaction action = {.sa_handler = on_interrupt};
	int rc = make_files(&d);
	pid_t client;

	if (rc < 0) {
		(void)fprintf(stderr, "vpdial: demo: no scratch files: %s\n", strerror(-rc));
		return EXIT_FATAL;
	}
	rc = enter_namespaces();
	if (rc < 0) {
		remove_files(d.dir, 1);
		(void)fprintf(stderr,
			      "vpdial: demo: no namespaces (%s): run it as root, or allow user "
			      "namespaces\n",
			      strerror(-rc));
		return EXIT_NOT_PERMITTED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	printf("A server and a client in network namespaces of their own; both end with this "
	       "command.\n");
	(void)fflush(stdout);
	client = fork();
	if (client == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_client(&d);
	}
	rc = client < 0 ? EXIT_FATAL : watch_over(client);
	remove_files(d.dir, 2);
	if (rc == EXIT_OK)
		printf("\nBoth calls are over and nothing is left of them.  Now write a profile: "
		       "man vpdial.conf\n");
	return rc;
}
