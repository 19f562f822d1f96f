# SPDX-License-Identifier: Apache-2.0
"""A registry that takes what is pushed, whose answers a test replaces one by one, as those of liar.py."""
import json
import re
import socket
import uuid

from liar import Answer, Liar, digest


class Taker(Liar):
    """Blobs in `blobs`, uploads in `uploads` (name: bytes so far), manifests in `manifests` (their texts, by tag).

    `cuts`: after so many bytes of the body each PATCH of the next ones breaks off, and what has come by then is kept.
    `received`: how many bytes each PATCH brought.
    """

    def __init__(self, **kw):
        super().__init__(**kw)
        self.blobs, self.uploads, self.manifests, self.cuts, self.received = {}, {}, {}, [], []

    def answer(self, handler):
        path, _, query = handler.path.partition("?")
        if path.rstrip("/") == "/v2":
            return Answer(200, b"{}")
        if m := re.fullmatch(r"/v2/(.+)/blobs/uploads/([0-9a-f-]*)", path):
            return getattr(self, "upload_" + handler.command.lower())(handler, m.group(1), m.group(2), query)
        if m := re.fullmatch(r"/v2/.+/blobs/(sha256:[0-9a-f]+)", path):
            return Answer(200, self.blobs[m.group(1)]) if m.group(1) in self.blobs else Answer(404)
        if m := re.fullmatch(r"/v2/.+/manifests/(.+)", path):
            if handler.command == "PUT":
                text = self.body(handler)
                self.manifests[m.group(1)] = text
                return Answer(201, headers={"Docker-Content-Digest": digest(text)})
            if m.group(1) in self.manifests:
                return Answer(200, self.manifests[m.group(1)])
        return Answer(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such thing"}]}')

    def at(self, repo, name, status, headers=None):
        return Answer(status, headers={"Location": f"/v2/{repo}/blobs/uploads/{name}", **(headers or {})})

    def upload_post(self, handler, repo, name, query):
        name = str(uuid.uuid4())
        self.uploads[name] = b""
        return self.at(repo, name, 202)

    def upload_get(self, handler, repo, name, query):
        if name not in self.uploads:
            return Answer(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"forgotten"}]}')
        return self.at(repo, name, 204, {"Range": f"0-{max(len(self.uploads[name]) - 1, 0)}"})

    def upload_delete(self, handler, repo, name, query):
        return Answer(204 if self.uploads.pop(name, None) is not None else 404)

    def upload_patch(self, handler, repo, name, query):
        cut = self.cuts.pop(0) if self.cuts else None
        data = self.body(handler, cut)
        self.received.append(len(data))
        self.uploads[name] += data
        if cut is not None:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
        return self.at(repo, name, 202)

    def upload_put(self, handler, repo, name, query):
        data = self.uploads.pop(name) + self.body(handler)
        want = re.search("digest=([^&]+)", query).group(1)
        if digest(data) != want:
            return Answer(400, json.dumps({"errors": [{"code": "DIGEST_INVALID", "message": "it is another"}]}).encode())
        self.blobs[want] = data
        return Answer(201)

    @staticmethod
    def body(handler, limit=None):
        """The body of a request, or its first `limit` bytes."""
        got = b""
        if handler.headers.get("Transfer-Encoding") != "chunked":
            return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        while limit is None or len(got) < limit:
            size = int(handler.rfile.readline(), 16)
            got += handler.rfile.read(size)
            handler.rfile.readline()
            if size == 0:
                return got
        return got[:limit]
