/* SPDX-License-Identifier: Apache-2.0 */

#include "api/trim.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"

#define PAGES 16
#define SIZE  (PAGES * 4096u)

static char path[] = "/tmp/test_trim.XXXXXX";
static int file = -EBADF;

static void setup(void)
{
	static char text[SIZE];

	(void)memset(text, 'f', sizeof(text));
	file = mkstemp(path);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, text, sizeof(text)), (ssize_t)sizeof(text));
}

static void teardown(void)
{
	bt_close(&file);
	ck_assert_int_eq(unlink(path), 0);
}

/* How much of the mapping at `p` is in this process's memory, in KiB. */
static unsigned long resident(const void *p)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long long start, end;
	unsigned long kib = 0;
	bool here = false;
	char line[512];

	ck_assert_ptr_nonnull(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			here = start <= (uintptr_t)p && (uintptr_t)p < end;
		else if (here && sscanf(line, "Rss: %lu", &kib) == 1)
			break;
	}
	ck_assert_int_eq(fclose(smaps), 0);
	return kib;
}

static char *map_file(int protection, int flags)
{
	char *p = mmap(NULL, SIZE, protection, flags, file, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

/* Read every page. Returns how many begin with `c`. */
static unsigned count_pages(const volatile char *p, char c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PAGES; i++)
		n += p[i * 4096u] == c;
	return n;
}

START_TEST(pages_of_a_file_are_given_back_and_read_again)
{
	char *p = map_file(PROT_READ, MAP_PRIVATE);

	ck_assert_uint_eq(count_pages(p, 'f'), PAGES);
	ck_assert_uint_gt(resident(p), 0);
	bt_trim_memory();
	ck_assert_uint_eq(resident(p), 0);
	ck_assert_uint_eq(count_pages(p, 'f'), PAGES);
	ck_assert_int_eq(munmap(p, SIZE), 0);
}
END_TEST

/* What the loader has relocated is such a mapping. */
START_TEST(what_was_changed_before_it_became_read_only_stays_as_it_is)
{
	char *p = map_file(PROT_READ | PROT_WRITE, MAP_PRIVATE);

	p[5 * 4096] = 'c';
	ck_assert_int_eq(mprotect(p, SIZE, PROT_READ), 0);
	ck_assert_uint_eq(count_pages(p, 'f'), PAGES - 1);
	bt_trim_memory();
	ck_assert_int_eq(p[5 * 4096], 'c');
	ck_assert_uint_eq(count_pages(p, 'f'), PAGES - 1);
	ck_assert_int_eq(munmap(p, SIZE), 0);
}
END_TEST

START_TEST(memory_of_no_file_and_what_is_shared_stays)
{
	char *own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = map_file(PROT_READ | PROT_WRITE, MAP_SHARED);

	ck_assert_ptr_ne(own, MAP_FAILED);
	(void)memset(own, 'o', SIZE);
	(void)memset(shared, 's', SIZE);
	bt_trim_memory();
	ck_assert_uint_eq(count_pages(own, 'o'), PAGES);
	ck_assert_uint_eq(count_pages(shared, 's'), PAGES);
	ck_assert_int_eq(munmap(own, SIZE) | munmap(shared, SIZE), 0);
}
END_TEST

START_TEST(a_process_that_cannot_look_at_itself_goes_on)
{
	char *p = map_file(PROT_READ, MAP_PRIVATE);
	const struct rlimit few = { 64, 64 };
	int fds[64], n = 0;

	/* It has no descriptor left. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (n < (int)LENGTH(fds) && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	bt_trim_memory();
	ck_assert_uint_eq(count_pages(p, 'f'), PAGES);
	while (n > 0)
		ck_assert_int_eq(close(fds[--n]), 0);
	ck_assert_int_eq(munmap(p, SIZE), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, pages_of_a_file_are_given_back_and_read_again);
	tcase_add_test(tests, what_was_changed_before_it_became_read_only_stays_as_it_is);
	tcase_add_test(tests, memory_of_no_file_and_what_is_shared_stays);
	tcase_add_test(tests, a_process_that_cannot_look_at_itself_goes_on);
}

int main(void)
{
	return run_suite("api/trim", setup, teardown, add);
}
