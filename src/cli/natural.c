/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/natural.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"

/* The numbers at the heads of both, of any length; moves behind them where they are the same. */
static int compare_numbers(const char **a, const char **b)
{
	size_t zeros_a = strspn(*a, "0"), zeros_b = strspn(*b, "0");
	const char *from_a = *a + zeros_a, *from_b = *b + zeros_b;
	size_t len_a = strspn(from_a, DIGITS), len_b = strspn(from_b, DIGITS);
	int r;

	if (len_a != len_b)
		return len_a < len_b ? -1 : 1;
	r = memcmp(from_a, from_b, len_a);
	if (r != 0)
		return r;
	if (zeros_a != zeros_b)
		return zeros_a < zeros_b ? -1 : 1;
	*a = from_a + len_a;
	*b = from_b + len_b;
	return 0;
}

int bt_natural_compare(const char *a, const char *b)
{
	while (*a && *b) {
		bool number_a = isdigit((unsigned char)*a), number_b = isdigit((unsigned char)*b);
		int r = 0;

		if (number_a != number_b)
			return number_a ? -1 : 1;
		if (number_a)
			r = compare_numbers(&a, &b);
		else
			r = (unsigned char)*a++ - (unsigned char)*b++;
		if (r != 0)
			return r;
	}
	return (*a != '\0') - (*b != '\0');
}
