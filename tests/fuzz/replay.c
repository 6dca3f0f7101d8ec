/* SPDX-License-Identifier: MIT */
/* replay NAME DIRECTORY: runs a target over every file of a directory, without libFuzzer. */
#include "fuzz.h"

#include <dirent.h>

#define INPUT_MAX (1 << 20)

static bool run_file(const char *directory, const char *name)
{
	char path[512];
	uint8_t *data;
	size_t len;
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	f = fopen(path, "rb");
	data = malloc(INPUT_MAX);
	if (!f || !data) {
		perror(path);
		exit(1);
	}
	len = fread(data, 1, INPUT_MAX, f);
	(void)fclose(f);
	/* Of exactly its size, so that the sanitizer sees a read beyond. */
	data = realloc(data, len ? len : 1);
	if (!data)
		exit(1);
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	return true;
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	unsigned runs = 0;
	DIR *d;

	if (argc != 3 || !(d = opendir(argv[2]))) {
		fprintf(stderr, "usage: replay NAME DIRECTORY\n");
		return 2;
	}
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			runs += run_file(argv[2], entry->d_name);
	closedir(d);
	if (!runs) {
		printf("FAIL %s: no inputs in %s\n", argv[1], argv[2]);
		return 1;
	}
	printf("ok %s: %u inputs\n", argv[1], runs);
	return 0;
}
