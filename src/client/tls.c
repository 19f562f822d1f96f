/* SPDX-License-Identifier: Apache-2.0 */

#include "client/tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/auto.h"
#include "base/io.h"

#define CHUNK (64u << 10)

/* What we call in the library, found by name. */
struct library {
	__typeof__(gnutls_init) *init;
	__typeof__(gnutls_set_default_priority) *set_default_priority;
	__typeof__(gnutls_certificate_allocate_credentials) *allocate;
	__typeof__(gnutls_certificate_set_x509_trust_file) *trust_file;
	__typeof__(gnutls_certificate_set_x509_system_trust) *system_trust;
	__typeof__(gnutls_certificate_set_x509_key_file) *key_file;
	__typeof__(gnutls_credentials_set) *credentials_set;
	__typeof__(gnutls_server_name_set) *server_name;
	__typeof__(gnutls_session_set_verify_cert) *verify_cert;
	__typeof__(gnutls_transport_set_int2) *transport;
	__typeof__(gnutls_handshake) *handshake;
	__typeof__(gnutls_record_recv) *recv;
	__typeof__(gnutls_record_send) *send;
	__typeof__(gnutls_record_check_pending) *pending;
	__typeof__(gnutls_bye) *bye;
	__typeof__(gnutls_strerror) *strerror;
};

struct bt_tls {
	struct library lib;
	gnutls_session_t session;
};

static int load(struct library *lib, struct bt_err *err)
{
	const struct {
		const char *name;
		size_t offset;
	} names[] = {
		{ "gnutls_init", offsetof(struct library, init) },
		{ "gnutls_set_default_priority", offsetof(struct library, set_default_priority) },
		{ "gnutls_certificate_allocate_credentials", offsetof(struct library, allocate) },
		{ "gnutls_certificate_set_x509_trust_file", offsetof(struct library, trust_file) },
		{ "gnutls_certificate_set_x509_system_trust",
		  offsetof(struct library, system_trust) },
		{ "gnutls_certificate_set_x509_key_file", offsetof(struct library, key_file) },
		{ "gnutls_credentials_set", offsetof(struct library, credentials_set) },
		{ "gnutls_server_name_set", offsetof(struct library, server_name) },
		{ "gnutls_session_set_verify_cert", offsetof(struct library, verify_cert) },
		{ "gnutls_transport_set_int2", offsetof(struct library, transport) },
		{ "gnutls_handshake", offsetof(struct library, handshake) },
		{ "gnutls_record_recv", offsetof(struct library, recv) },
		{ "gnutls_record_send", offsetof(struct library, send) },
		{ "gnutls_record_check_pending", offsetof(struct library, pending) },
		{ "gnutls_bye", offsetof(struct library, bye) },
		{ "gnutls_strerror", offsetof(struct library, strerror) },
	};
	void *handle = dlopen("libgnutls.so.30", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *found = handle ? dlsym(handle, names[i].name) : NULL;

		if (!found)
			return bt_err_set(err, BT_ERR_SYSTEM, ENOENT,
					  "TLS needs libgnutls.so.30 (Debian: libgnutls30): %s",
					  dlerror());
		memcpy((char *)lib + names[i].offset, &found, sizeof(found));
	}
	return 0;
}

static int failed(const struct library *lib, int r, const char *what, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_SYSTEM, EPROTO, "error during connect: %s: %s", what,
			  lib->strerror(r));
}

static int read_files(const struct library *lib, const struct bt_endpoint_tls *tls,
		      gnutls_certificate_credentials_t cred, struct bt_err *err)
{
	int r = 0;

	if (tls->verify && tls->ca)
		r = lib->trust_file(cred, tls->ca, GNUTLS_X509_FMT_PEM);
	else if (tls->verify)
		r = lib->system_trust(cred);
	if (r < 0)
		return failed(lib, r, tls->ca ? tls->ca : "trusted certificates", err);
	if (tls->cert && tls->key)
		r = lib->key_file(cred, tls->cert, tls->key, GNUTLS_X509_FMT_PEM);
	return r < 0 ? failed(lib, r, tls->cert, err) : 0;
}

static int shake_hands(const struct library *lib, int fd, const struct bt_endpoint *ep,
		       gnutls_session_t *ret, struct bt_err *err)
{
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;
	int r;

	if (lib->allocate(&cred) < 0 || lib->init(&session, GNUTLS_CLIENT) < 0)
		return bt_err_sys(err, -ENOMEM, "TLS");
	r = read_files(lib, &ep->tls, cred, err);
	if (r < 0)
		return r;
	(void)lib->set_default_priority(session);
	(void)lib->credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	(void)lib->server_name(session, GNUTLS_NAME_DNS, ep->host, strlen(ep->host));
	if (ep->tls.verify)
		lib->verify_cert(session, ep->host, 0);
	lib->transport(session, fd, fd);
	do
		r = lib->handshake(session);
	while (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED);
	if (r < 0)
		return failed(lib, r, "tls", err);
	*ret = session;
	return 0;
}

/* One turn of each direction; false when the daemon is done. */
static bool pump_in(const struct library *lib, gnutls_session_t session, int plain, char *buf)
{
	ssize_t n;

	do {
		do
			n = lib->recv(session, buf, CHUNK);
		while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
		if (n <= 0 || bt_io_write_all(plain, buf, (size_t)n) < 0)
			return false;
	} while (lib->pending(session));
	return true;
}

static bool pump_out(const struct library *lib, gnutls_session_t session, int plain, char *buf,
		     bool *open)
{
	ssize_t n = read(plain, buf, CHUNK);

	if (n <= 0) {
		*open = false;
		(void)lib->bye(session, GNUTLS_SHUT_WR);
		return true;
	}
	for (ssize_t done = 0; done < n;) {
		ssize_t sent = lib->send(session, buf + done, (size_t)(n - done));

		if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED)
			continue;
		if (sent < 0)
			return false;
		done += sent;
	}
	return true;
}

void bt_tls_carry(struct bt_tls *tls, int fd, int plain)
{
	static char buf[CHUNK];
	bool open = true, going = true;

	while (going) {
		struct pollfd fds[2] = { { fd, POLLIN, 0 }, { open ? plain : -1, POLLIN, 0 } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			going = pump_out(&tls->lib, tls->session, plain, buf, &open);
		if (going && fds[0].revents)
			going = pump_in(&tls->lib, tls->session, plain, buf);
	}
	_exit(0);
}

int bt_tls_open(int fd, const struct bt_endpoint *ep, struct bt_tls **ret, struct bt_err *err)
{
	bt_auto_free struct bt_tls *tls = calloc(1, sizeof(*tls));
	int r = tls ? load(&tls->lib, err) : bt_err_sys(err, -ENOMEM, "TLS");

	if (r == 0)
		r = shake_hands(&tls->lib, fd, ep, &tls->session, err);
	if (r == 0)
		*ret = bt_take(tls);
	return r;
}
