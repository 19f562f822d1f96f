/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_NATURAL_H
#define BT_CLI_NATURAL_H

/*
 * The order in which docker lists volumes, networks and contexts: numbers within names count as
 * numbers, so that "v2" stands before "v10".
 */

/**
 * Less than, equal to or more than 0, as strcmp(3). Bytes are compared as they are; digits stand
 * before anything else, the smaller number before the larger, and of equal numbers the one with
 * fewer zeros in front.
 */
int bt_natural_compare(const char *a, const char *b);

#endif
