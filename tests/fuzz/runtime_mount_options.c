/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "runtime/mount_options.h"

#define WORDS_MAX 64

/* Options, one a line: no attribute is both set and cleared but for the times, which
 * are cleared as a whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4096], *words[WORDS_MAX], *rest = text, *word;
	struct bt_oci_mount mount = { .destination = "/", .type = "tmpfs" };
	struct bt_arena arena = { 0 };
	struct bt_mount_options o;
	struct bt_err err = { 0 };

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (mount.options.n < WORDS_MAX && (word = strsep(&rest, "\n")) != NULL)
		words[mount.options.n++] = word;
	mount.options.v = words;
	if (bt_mount_options_parse(&mount, &arena, &o, &err) == 0) {
		if ((o.set & o.clear & ~(uint64_t)MOUNT_ATTR__ATIME) != 0 ||
		    (o.rec_set & o.rec_clear & ~(uint64_t)MOUNT_ATTR__ATIME) != 0 ||
		    o.ndata > mount.options.n)
			abort();
	} else if (err.kind == BT_ERR_NONE) {
		abort();
	}
	bt_arena_done(&arena);
	return 0;
}
