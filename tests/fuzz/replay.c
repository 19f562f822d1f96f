/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a fuzz target without a fuzzer: over each file of a directory, and over
 * changes of it that are the same in every run.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "base/auto.h"
#include "base/io.h"

#define INPUT_MAX (1u << 20)
#define CHANGES   2000

/* xorshift64: no randomness is wanted, only variety. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Change a few bytes, cut the end, or double a piece. `buf` has room for twice `len`. */
static size_t change(uint8_t *buf, size_t len, uint64_t *state)
{
	static const char special[] = "{}[]\"'\\%&=+/:,.0-9\0\n\xff";

	for (uint64_t n = next(state) % 4 + 1; n > 0 && len > 0; n--) {
		size_t at = next(state) % len;

		switch (next(state) % 4) {
		case 0:
			buf[at] = (uint8_t)next(state);
			break;
		case 1:
			buf[at] = (uint8_t)special[next(state) % (sizeof(special) - 1)];
			break;
		case 2:
			len = at;
			break;
		default:
			if (n == 1) {
				memmove(buf + at, buf + at / 2, len - at);
				memcpy(buf + len, buf, at);
				len += at;
			}
			break;
		}
	}
	return len;
}

static int replay(int dir, const char *name)
{
	bt_auto_free char *text = NULL;
	bt_auto_free uint8_t *buf = NULL;
	uint64_t state = 0x9e3779b97f4a7c15u;
	size_t len;

	if (bt_io_read_file(dir, name, INPUT_MAX, &text, &len) < 0)
		return -1;
	buf = malloc(len * 2 + 1);
	if (!buf)
		return -1;
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	for (int i = 0; i < CHANGES; i++) {
		memcpy(buf, text, len);
		(void)LLVMFuzzerTestOneInput(buf, change(buf, len, &state));
	}
	return 0;
}

int main(int argc, char *argv[])
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int files = 0;

	if (!dir) {
		(void)fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return EXIT_FAILURE;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && replay(dirfd(dir), entry->d_name) == 0)
			files++;
	closedir(dir);
	printf("%d files, %d changes of each\n", files, CHANGES);
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
