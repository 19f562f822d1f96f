/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_EARLY_PUMP_H
#define BT_ENGINE_EARLY_PUMP_H

/*
 * A client may send input before its connection has become a stream. Those bytes
 * cannot be put back into its socket, so such a connection, and only such a one,
 * goes through a thread that says them first and copies from then on.
 */

#include <stddef.h>

#include "base/attr.h"

/** A socket that reads as `early` and then `sock`, and writes to `sock`. With `early_len` 0 it is
 * `sock` itself. `sock` is owned from now on, also after a failure. Returns a descriptor or
 * -errno. */
bt_nodiscard int bt_early_pump(int sock, const void *early, size_t early_len);

#endif
