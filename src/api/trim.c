/* SPDX-License-Identifier: Apache-2.0 */

#include "api/trim.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* What one mapping in /proc/self/smaps is, as far as it matters here. */
struct mapping {
	uintptr_t start, end;
	bool text; /* of a file, readable, private, and not writable */
};

/* The other lines of the file begin with words, some of them with a hexadecimal digit. */
static bool parse_mapping(const char *line, struct mapping *ret)
{
	unsigned long long inode;
	uintptr_t start, end;
	char mode[5] = "";

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*s %llu", &start, &end, mode,
		   &inode) != 4)
		return false;
	*ret = (struct mapping){
		.start = start,
		.end = end,
		.text = inode != 0 && mode[0] == 'r' && mode[1] == '-' && mode[3] == 'p',
	};
	return true;
}

/* Only mappings without a page of our own may be dropped: relocated data, which is read-only
 * as well, would come back as it is in the file. */
static void drop_clean_pages(FILE *smaps)
{
	struct mapping current = { 0 };
	unsigned long anonymous;
	char line[512];

	while (fgets(line, sizeof(line), smaps)) {
		if (parse_mapping(line, &current))
			continue;
		if (sscanf(line, "Anonymous: %lu", &anonymous) != 1)
			continue;
		if (current.text && anonymous == 0)
			(void)madvise((void *)current.start, current.end - current.start,
				      MADV_DONTNEED);
		current.text = false;
	}
}

void bt_trim_memory(void)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");

	if (smaps) {
		drop_clean_pages(smaps);
		(void)fclose(smaps);
	}
	(void)malloc_trim(0);
}
