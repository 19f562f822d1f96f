/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_NFT_TEXT_H
#define BT_TESTS_NFT_TEXT_H

/*
 * A table of a test's own network, and datagrams that show what its rules do: one
 * that a rule drops on its way out is refused with EPERM at once.
 */

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include "../suite.h"
#include "base/auto.h"
#include "net/nft.h"
#include "private_net.h"

#define TABLE "berth-test"

static struct bt_nft *nft;
static struct bt_err err;

static inline void setup_nft(void)
{
	private_net();
	ck_well(bt_nft_open(&nft, &err), &err);
}

static inline void teardown_nft(void)
{
	bt_nft_close(bt_take(nft));
}

static inline int commit(void)
{
	err = (struct bt_err){ 0 };
	return bt_nft_commit(nft, "a test", &err);
}

/** Begin a table with the chain "out" of what this machine sends. */
static inline void begin_out(const char *type, int32_t priority)
{
	bt_nft_begin(nft);
	bt_nft_table_replace(nft, TABLE, false);
	bt_nft_chain(nft, "out",
		     &(struct bt_nft_hook){
			     .type = type, .hook = NF_INET_LOCAL_OUT, .priority = priority });
}

/** A datagram to this machine's `port`: 0, or -EPERM where it is dropped. */
static inline int send_to(uint16_t port)
{
	struct sockaddr_in sa = at("127.0.0.1", port);
	bt_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
}

/** Go on if the destination's port is `port`. */
static inline void if_port(uint16_t port)
{
	const uint16_t be = htons(port);

	bt_nft_payload(nft, true, 2, sizeof(be), 0);
	bt_nft_cmp(nft, &be, sizeof(be), false);
}

#endif
