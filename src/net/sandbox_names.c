/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "net/nft.h"
#include "net/sandbox.h"

#define TABLE      "berth-names"
#define ADDRESS    "127.0.0.11"
#define DNS_PORT   53
#define BACKLOG    16
#define PRIO_FIRST (-150)

/* Where the checksums are in the headers. */
#define UDP_CSUM 6
#define TCP_CSUM 16

struct names {
	int netns_fd;
	int udp, tcp; /* result */
};

static int open_socket(int type, uint16_t *ret_port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	bt_auto_close int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sa.sin_addr.s_addr = inet_addr(ADDRESS);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) < 0) ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	*ret_port = ntohs(sa.sin_port);
	return bt_take_fd(&fd);
}

/* One direction of one protocol: packets with port `from` at our address get port `to`. */
static void put_rewrite(struct bt_nft *nft, uint8_t proto, bool source, uint16_t from, uint16_t to)
{
	const uint8_t four = NFPROTO_IPV4;
	const uint32_t address = inet_addr(ADDRESS);
	const uint16_t port = htons(from);

	bt_nft_rule(nft, "output");
	bt_nft_meta(nft, NFT_META_NFPROTO, 0);
	bt_nft_cmp(nft, &four, sizeof(four), false);
	bt_nft_payload(nft, false, source ? 12 : 16, sizeof(address), 0);
	bt_nft_cmp(nft, &address, sizeof(address), false);
	bt_nft_meta(nft, NFT_META_L4PROTO, 0);
	bt_nft_cmp(nft, &proto, sizeof(proto), false);
	bt_nft_payload(nft, true, source ? 0 : 2, sizeof(port), 0);
	bt_nft_cmp(nft, &port, sizeof(port), false);
	bt_nft_set_port(nft, source, to, proto == IPPROTO_UDP ? UDP_CSUM : TCP_CSUM);
	bt_nft_rule_end(nft);
}

static int put_rules(uint16_t udp, uint16_t tcp, struct bt_err *err)
{
	struct bt_nft *nft;
	int r = bt_nft_open(&nft, err);

	if (r < 0)
		return r;
	bt_nft_begin(nft);
	bt_nft_table_replace(nft, TABLE, false);
	bt_nft_chain(nft, "output",
		     &(struct bt_nft_hook){ "filter", NF_INET_LOCAL_OUT, PRIO_FIRST });
	put_rewrite(nft, IPPROTO_UDP, false, DNS_PORT, udp);
	put_rewrite(nft, IPPROTO_TCP, false, DNS_PORT, tcp);
	put_rewrite(nft, IPPROTO_UDP, true, udp, DNS_PORT);
	put_rewrite(nft, IPPROTO_TCP, true, tcp, DNS_PORT);
	r = bt_nft_commit(nft, "lead a container's questions to its name server", err);
	bt_nft_close(nft);
	return r;
}

static int open_names(const struct bt_nsthread_env *env, void *arg, struct bt_err *err)
{
	struct names *n = arg;
	bt_auto_close int udp = -EBADF, tcp = -EBADF;
	uint16_t udp_port = 0, tcp_port = 0;
	int r = setns(n->netns_fd, CLONE_NEWNET) < 0 ? -errno : 0;

	(void)env;
	if (r < 0)
		return bt_err_sys(err, r, "enter a container's network namespace");
	udp = open_socket(SOCK_DGRAM, &udp_port);
	tcp = open_socket(SOCK_STREAM, &tcp_port);
	if (udp < 0 || tcp < 0)
		return bt_err_sys(err, udp < 0 ? udp : tcp, "bind a container's name server");
	r = put_rules(udp_port, tcp_port, err);
	if (r < 0)
		return r;
	n->udp = bt_take_fd(&udp);
	n->tcp = bt_take_fd(&tcp);
	return 0;
}

int bt_sandbox_names(struct bt_nsthread *thread, int netns_fd, int *ret_udp, int *ret_tcp,
		     struct bt_err *err)
{
	struct names n = { .netns_fd = netns_fd, .udp = -EBADF, .tcp = -EBADF };
	int r = bt_nsthread_run(thread, open_names, &n, err);

	if (r < 0)
		return r;
	*ret_udp = n.udp;
	*ret_tcp = n.tcp;
	return 0;
}
