/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes lines of 80 bytes to its output through stdio, in the pieces that the C
 * library chooses for a pipe: what a chatty program costs before anybody logs it
 * shall not hide what logging costs. usage: lines COUNT
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char *argv[])
{
	long n = argc == 2 ? atol(argv[1]) : 0;
	char line[81];

	memset(line, 'x', 79);
	strcpy(line + 79, "\n");
	for (long i = 0; i < n; i++)
		if (fwrite(line, 80, 1, stdout) != 1)
			return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
