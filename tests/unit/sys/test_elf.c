/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/elf.h"

#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_SIZE 100000

/* A file of FILE_SIZE bytes that begins with these headers. */
static int file_of(const Elf64_Ehdr *head, const Elf64_Phdr *segments, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, FILE_SIZE), 0);
	ck_assert_int_eq(pwrite(fd, head, sizeof(*head), 0), (ssize_t)sizeof(*head));
	if (n)
		ck_assert_int_eq(pwrite(fd, segments, n * sizeof(*segments),
					(off_t)(head->e_phoff <= FILE_SIZE ? head->e_phoff : 0)),
				 (ssize_t)(n * sizeof(*segments)));
	return fd;
}

static Elf64_Ehdr header(unsigned segments)
{
	Elf64_Ehdr head = { .e_phoff = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = (Elf64_Half)segments };

	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	return head;
}

static void expect(const Elf64_Ehdr *head, const Elf64_Phdr *segments, size_t n, off_t want)
{
	int fd = file_of(head, segments, n);

	ck_assert_int_eq(bt_elf_loaded_size(fd, FILE_SIZE), want);
	(void)close(fd);
}

START_TEST(it_ends_with_the_last_segment_wherever_that_is_listed)
{
	const Elf64_Phdr segments[] = { { .p_offset = 500, .p_filesz = 1500 },
					{ .p_offset = 0, .p_filesz = 500 },
					{ .p_offset = 900, .p_filesz = 0, .p_memsz = 99999 } };
	const Elf64_Ehdr head = header(3);

	expect(&head, segments, 3, 2000);
}
END_TEST

START_TEST(program_headers_behind_the_segments_are_needed_too)
{
	const Elf64_Phdr segments[] = { { .p_offset = 0, .p_filesz = 500 } };
	Elf64_Ehdr head = header(1);

	head.e_phoff = 5000;
	expect(&head, segments, 1, 5000 + (off_t)sizeof(Elf64_Phdr));
}
END_TEST

START_TEST(nonsense_is_the_whole_file)
{
	const Elf64_Phdr beyond[] = { { .p_offset = FILE_SIZE, .p_filesz = 1 } };
	const Elf64_Phdr around[] = { { .p_offset = UINT64_MAX, .p_filesz = 2 } };
	const Elf64_Phdr fine[] = { { .p_offset = 0, .p_filesz = 500 } };
	Elf64_Ehdr head = header(1);

	expect(&head, beyond, 1, FILE_SIZE);
	expect(&head, around, 1, FILE_SIZE);
	head.e_ident[EI_CLASS] = ELFCLASS32;
	expect(&head, fine, 1, FILE_SIZE);
	head = header(0);
	expect(&head, fine, 1, FILE_SIZE);
	head = header(60000);
	expect(&head, fine, 1, FILE_SIZE);
	head = header(1);
	head.e_phoff = UINT64_MAX;
	expect(&head, NULL, 0, FILE_SIZE);
	head = header(1);
	memcpy(head.e_ident, "#!/b", 4);
	expect(&head, fine, 1, FILE_SIZE);
}
END_TEST

START_TEST(a_file_shorter_than_a_header_is_whole)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, ELFMAG, SELFMAG), SELFMAG);
	ck_assert_int_eq(bt_elf_loaded_size(fd, SELFMAG), SELFMAG);
	ck_assert_int_eq(bt_elf_loaded_size(-1, 7), 7);
	(void)close(fd);
}
END_TEST

START_TEST(what_it_counts_is_enough_to_run_a_program)
{
	char *const argv[] = { (char[]){ "true" }, NULL }, *const envp[] = { NULL };
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC), to = memfd_create("true", 0), status;
	struct stat st;
	off_t size;
	pid_t pid;

	ck_assert_int_eq(fstat(from, &st), 0);
	size = bt_elf_loaded_size(from, st.st_size);
	ck_assert_int_lt(size, st.st_size);
	ck_assert_int_eq(sendfile(to, from, NULL, (size_t)size), size);
	ck_assert_int_eq(fchmod(to, 0755), 0);
	pid = fork();
	if (pid == 0) {
		(void)fexecve(to, argv, envp);
		_exit(99);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(from);
	(void)close(to);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/elf");
	TCase *tests = tcase_create("elf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, it_ends_with_the_last_segment_wherever_that_is_listed);
	tcase_add_test(tests, program_headers_behind_the_segments_are_needed_too);
	tcase_add_test(tests, nonsense_is_the_whole_file);
	tcase_add_test(tests, a_file_shorter_than_a_header_is_whole);
	tcase_add_test(tests, what_it_counts_is_enough_to_run_a_program);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
