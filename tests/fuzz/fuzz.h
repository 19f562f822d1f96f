/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_FUZZ_H
#define BT_TESTS_FUZZ_H

/*
 * The entry of a fuzz target, by the name that libFuzzer calls. It must survive
 * any input; what it checks of the result, it checks with abort().
 */

#include <stddef.h>
#include <stdint.h>

/** Run the parser on `size` bytes. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
