/* SPDX-License-Identifier: Apache-2.0 */

#include "store/tar_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/auto.h"

/* The largest numbers that fit into octal digits of 7 and 11 places. */
#define OCTAL_7_MAX  07777777
#define OCTAL_11_MAX 077777777777

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155];
	char unused[12];
};
_Static_assert(sizeof(struct ustar) == BT_TAR_BLOCK, "a header is one block");

size_t bt_tar_header_padding(int64_t size)
{
	return (size_t)(-(uint64_t)size % BT_TAR_BLOCK);
}

static void pad(struct bt_str *s, size_t content)
{
	static const char zeros[BT_TAR_BLOCK];

	bt_str_add(s, zeros, bt_tar_header_padding((int64_t)content));
}

/* `width` octal digits and a NUL; what does not fit is said by a pax record, and 0 here. */
static void octal(char *to, int width, int64_t value, int64_t max)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%0*" PRIo64, width,
		       value < 0 || value > max ? 0 : (uint64_t)value);
	memcpy(to, text, (size_t)width + 1);
}

static char type_of(const struct bt_tar_entry *e)
{
	if (e->hard)
		return '1';
	switch (e->mode & S_IFMT) {
	case S_IFLNK:
		return '2';
	case S_IFCHR:
		return '3';
	case S_IFBLK:
		return '4';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

static void append_ustar(struct bt_str *s, const struct bt_tar_entry *e, char type)
{
	struct ustar h = { .type = type, .magic = "ustar", .version = "00" };
	const unsigned char *bytes = (const unsigned char *)&h;
	unsigned sum = 0;

	memcpy(h.name, e->path, strnlen(e->path, sizeof(h.name)));
	if (e->link)
		memcpy(h.link, e->link, strnlen(e->link, sizeof(h.link)));
	octal(h.mode, 7, e->mode & 07777, OCTAL_7_MAX);
	octal(h.uid, 7, e->uid, OCTAL_7_MAX);
	octal(h.gid, 7, e->gid, OCTAL_7_MAX);
	octal(h.size, 11, e->size, OCTAL_11_MAX);
	octal(h.mtime, 11, e->mtime, OCTAL_11_MAX);
	octal(h.major, 7, major(e->rdev), OCTAL_7_MAX);
	octal(h.minor, 7, minor(e->rdev), OCTAL_7_MAX);
	/* The checksum is that of the header with blanks in its place. */
	memset(h.checksum, ' ', sizeof(h.checksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += bytes[i];
	octal(h.checksum, 6, sum, OCTAL_7_MAX);
	bt_str_add(s, (const char *)&h, sizeof(h));
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static void record(struct bt_str *s, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, digits = 1;

	for (size_t n = rest + digits; n >= 10; n /= 10)
		digits++;
	/* One more digit may be what makes it longer by one. */
	if (snprintf(NULL, 0, "%zu", rest + digits) > (int)digits)
		digits++;
	bt_str_printf(s, "%zu %s=", rest + digits, key);
	bt_str_add(s, value, len);
	bt_str_putc(s, '\n');
}

static void record_number(struct bt_str *s, const char *key, int64_t value, int64_t max)
{
	char text[24];

	if (value >= 0 && value <= max)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	record(s, key, text, strlen(text));
}

static void append_pax(struct bt_str *s, const struct bt_tar_entry *e)
{
	struct bt_tar_entry header = { .path = "PaxHeaders/x", .mode = S_IFREG | 0644 };
	bt_auto_str struct bt_str records = { 0 };

	if (strlen(e->path) > sizeof(((struct ustar *)0)->name))
		record(&records, "path", e->path, strlen(e->path));
	if (e->link && strlen(e->link) > sizeof(((struct ustar *)0)->link))
		record(&records, "linkpath", e->link, strlen(e->link));
	record_number(&records, "size", e->size, OCTAL_11_MAX);
	record_number(&records, "uid", e->uid, OCTAL_7_MAX);
	record_number(&records, "gid", e->gid, OCTAL_7_MAX);
	record_number(&records, "mtime", e->mtime, OCTAL_11_MAX);
	if (e->capability)
		record(&records, "SCHILY.xattr.security.capability", e->capability,
		       e->capability_len);
	if (records.failed)
		s->failed = records.failed;
	if (records.len == 0)
		return;
	header.size = (int64_t)records.len;
	append_ustar(s, &header, 'x');
	bt_str_add(s, records.p, records.len);
	pad(s, records.len);
}

void bt_tar_header_append(struct bt_str *s, const struct bt_tar_entry *entry)
{
	append_pax(s, entry);
	append_ustar(s, entry, type_of(entry));
}
