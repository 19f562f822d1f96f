/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_TRIM_H
#define BT_API_TRIM_H

/*
 * Give memory back to the kernel while nothing is to be done: free heap, and
 * pages of programs and libraries that were needed to start or for one request.
 * They are read again from the page cache where they are needed again.
 */

/** Do it now. Any thread; costs a few milliseconds. */
void bt_trim_memory(void);

#endif
