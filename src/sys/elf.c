/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/elf.h"

#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Programs have a dozen. */
#define SEGMENTS_MAX 128

static bool read_at(int fd, void *ret, size_t size, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, ret, size, (off_t)at) == (ssize_t)size;
}

static bool is_ours(const Elf64_Ehdr *head)
{
	const unsigned char order = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;

	return memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
	       head->e_ident[EI_CLASS] == ELFCLASS64 && head->e_ident[EI_DATA] == order &&
	       head->e_phentsize == sizeof(Elf64_Phdr) && head->e_phnum > 0 &&
	       head->e_phnum <= SEGMENTS_MAX;
}

off_t bt_elf_loaded_size(int fd, off_t size)
{
	Elf64_Phdr segments[SEGMENTS_MAX];
	Elf64_Ehdr head;
	uint64_t end;

	if (!read_at(fd, &head, sizeof(head), 0) || !is_ours(&head) ||
	    !read_at(fd, segments, head.e_phnum * sizeof(segments[0]), head.e_phoff))
		return size;
	end = head.e_phoff + head.e_phnum * sizeof(segments[0]);
	for (unsigned i = 0; i < head.e_phnum; i++) {
		uint64_t last;

		if (__builtin_add_overflow(segments[i].p_offset, segments[i].p_filesz, &last))
			return size;
		end = last > end ? last : end;
	}
	return end < (uint64_t)size ? (off_t)end : size;
}
