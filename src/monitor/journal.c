/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define JOURNAL_MAX (64u << 20)
#define LINE_MAX    2048

int bt_journal_open(const char *path)
{
	bt_auto_close int fd =
		open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	char last = '\n';
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)
		return errno ? -errno : -EIO;
	if (last != '\n' && write(fd, "\n", 1) != 1)
		return -errno;
	return bt_take_fd(&fd);
}

/* A message as one word. */
static void encode_word(const char *text, struct bt_str *out)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c <= ' ' || *c == '%' || *c == 0x7f)
			bt_str_printf(out, "%%%02x", *c);
		else
			bt_str_putc(out, (char)*c);
	}
	if (!*text)
		bt_str_putc(out, '-');
}

static void decode_word(const char *word, char *ret, size_t size)
{
	size_t len = 0;

	while (*word && len + 1 < size) {
		unsigned byte;

		if (word[0] == '%' && sscanf(word + 1, "%2x", &byte) == 1 && word[1] && word[2]) {
			ret[len++] = (char)byte;
			word += 3;
		} else {
			ret[len++] = *word++;
		}
	}
	ret[len] = '\0';
}

static void encode(const struct bt_journal_record *rec, struct bt_str *out)
{
	bt_str_printf(out, "%d %" PRIu64, BT_JOURNAL_VERSION, rec->seq);
	switch (rec->kind) {
	case BT_JOURNAL_STARTED:
		bt_str_printf(out, " started %" PRId64 " %d %d %d", rec->at_ns, (int)rec->pid,
			      rec->restarts, (int)rec->monitor);
		break;
	case BT_JOURNAL_EXITED:
		bt_str_printf(out, " exited %" PRId64 " %d %d %d %d %d %" PRId64, rec->at_ns,
			      rec->code, rec->oom, rec->final, rec->stopped, rec->restarts,
			      rec->again_in_ms);
		break;
	case BT_JOURNAL_START_FAILED:
		bt_str_printf(out, " start-failed %" PRId64 " %d %d %d %d %d ", rec->at_ns,
			      rec->code, rec->final, (int)rec->error.kind, rec->error.errnum,
			      rec->restarts);
		encode_word(rec->error.msg, out);
		break;
	case BT_JOURNAL_OOM:
		bt_str_printf(out, " oom %" PRId64, rec->at_ns);
		break;
	case BT_JOURNAL_RESTARTED:
		bt_str_printf(out, " restarted %" PRId64, rec->at_ns);
		break;
	}
	bt_str_puts(out, " ;\n");
}

static int append(int fd, const struct bt_str *line)
{
	ssize_t n;

	if (line->failed)
		return line->failed;
	do {
		n = write(fd, line->p, line->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* The next line must not grow onto a torn one; should this fail too, bt_journal_read()
	 * skips both, as it would the first. */
	if ((size_t)n < line->len)
		return write(fd, "\n", 1) == 1 ? -ENOSPC : -errno;
	return 0;
}

int bt_journal_append(int fd, const struct bt_journal_record *record)
{
	bt_auto_str struct bt_str line = { .max = LINE_MAX };

	encode(record, &line);
	return append(fd, &line);
}

int bt_journal_append_told(int fd, uint64_t seq)
{
	bt_auto_str struct bt_str line = { .max = LINE_MAX };

	bt_str_printf(&line, "%d %" PRIu64 " told ;\n", BT_JOURNAL_VERSION, seq);
	return append(fd, &line);
}

static bool decode_started(const char *s, struct bt_journal_record *rec, int *end)
{
	return sscanf(s, "started %" SCNd64 " %d %d %d ;%n", &rec->at_ns, &rec->pid, &rec->restarts,
		      &rec->monitor, end) == 4;
}

static bool decode_exited(const char *s, struct bt_journal_record *rec, int *end)
{
	int oom, final, stopped;

	if (sscanf(s, "exited %" SCNd64 " %d %d %d %d %d %" SCNd64 " ;%n", &rec->at_ns, &rec->code,
		   &oom, &final, &stopped, &rec->restarts, &rec->again_in_ms, end) != 7)
		return false;
	rec->oom = oom;
	rec->final = final;
	rec->stopped = stopped;
	return true;
}

static bool decode_start_failed(const char *s, struct bt_journal_record *rec, int *end)
{
	char word[LINE_MAX];
	int final, kind;

	if (sscanf(s, "start-failed %" SCNd64 " %d %d %d %d %d %2047s ;%n", &rec->at_ns, &rec->code,
		   &final, &kind, &rec->error.errnum, &rec->restarts, word, end) != 7)
		return false;
	if (kind <= BT_ERR_NONE || kind >= BT_ERR_KINDS_)
		return false;
	rec->final = final;
	rec->error.kind = (enum bt_err_kind)kind;
	decode_word(word, rec->error.msg, sizeof(rec->error.msg));
	return true;
}

/* Kinds that only have a time. */
static bool decode_moment(const char *s, struct bt_journal_record *rec, int *end)
{
	rec->kind = bt_str_after(s, "oom ") ? BT_JOURNAL_OOM : BT_JOURNAL_RESTARTED;
	return sscanf(s, "%*[a-z] %" SCNd64 " ;%n", &rec->at_ns, end) == 1;
}

/* One line without its end. False where it is torn or of a kind or version not known. */
static bool decode(const char *line, struct bt_journal_record *ret)
{
	struct bt_journal_record rec = { 0 };
	int version, start = 0, end = 0;
	bool ok = false;

	if (sscanf(line, "%d %" SCNu64 " %n", &version, &rec.seq, &start) != 2 || start == 0 ||
	    version != BT_JOURNAL_VERSION)
		return false;
	line += start;
	if (bt_str_after(line, "started ")) {
		rec.kind = BT_JOURNAL_STARTED;
		ok = decode_started(line, &rec, &end);
	} else if (bt_str_after(line, "exited ")) {
		rec.kind = BT_JOURNAL_EXITED;
		ok = decode_exited(line, &rec, &end);
	} else if (bt_str_after(line, "start-failed ")) {
		rec.kind = BT_JOURNAL_START_FAILED;
		ok = decode_start_failed(line, &rec, &end);
	} else if (bt_str_after(line, "oom ") || bt_str_after(line, "restarted ")) {
		ok = decode_moment(line, &rec, &end);
	}
	if (!ok || end == 0 || line[end] != '\0')
		return false;
	*ret = rec;
	return true;
}

/* The number of the last record that became an event, 0 for none. */
static uint64_t last_told(const char *text)
{
	uint64_t last = 0;

	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		uint64_t seq;
		int version, len = 0;

		if (sscanf(line, "%d %" SCNu64 " told ;%n", &version, &seq, &len) == 2 && len > 0 &&
		    line + len == end && version == BT_JOURNAL_VERSION && seq > last)
			last = seq;
	}
	return last;
}

int bt_journal_read(const char *path, uint64_t after_seq, bt_journal_fn fn, void *data,
		    struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	char *line, *end;
	int r = bt_io_read_file(AT_FDCWD, path, JOURNAL_MAX, &text, NULL);
	uint64_t told;

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return bt_err_sys(err, r, "read %s", path);
	told = last_told(text);
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		struct bt_journal_record record;

		*end = '\0';
		if (!decode(line, &record) || record.seq <= after_seq)
			continue;
		record.kept = true;
		record.told = record.seq <= told;
		r = fn(data, &record);
		if (r != 0)
			return r;
	}
	return 0;
}
