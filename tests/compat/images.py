# SPDX-License-Identifier: Apache-2.0
"""Images for scenario_images.py and the system tests: archives as `docker save` and OCI tools write them, made here byte for byte.

Layers are lists of entries (name, what): bytes is a file, None a directory, "-> target" a symlink, or a tarfile.TarInfo itself.
"""
import hashlib
import io
import json
import tarfile


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def entry(name, what=b"", **attributes):
    m = tarfile.TarInfo(name)
    m.mtime = 1000000000
    data = b""
    if isinstance(what, tarfile.TarInfo):
        return what, data
    if what is None:
        m.type, m.mode = tarfile.DIRTYPE, 0o755
    elif isinstance(what, str) and what.startswith("-> "):
        m.type, m.linkname, m.mode = tarfile.SYMTYPE, what[3:], 0o777
    elif isinstance(what, str) and what.startswith("== "):
        m.type, m.linkname = tarfile.LNKTYPE, what[3:]
    else:
        data = what if isinstance(what, bytes) else what.encode()
        m.size = len(data)
    for k, v in attributes.items():
        setattr(m, k, v)
    return m, data


def tar(entries, form=tarfile.PAX_FORMAT):
    """entries: (name, what) or (name, what, {attribute: value}) or (TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as t:
        for e in entries:
            m, data = e if isinstance(e[0], tarfile.TarInfo) else entry(e[0], e[1], **(e[2] if len(e) > 2 else {}))
            t.addfile(m, io.BytesIO(data))
    return out.getvalue()


class Image:
    """An image for this machine unless `architecture` says otherwise."""

    def __init__(self, tags, layers, config=None, architecture="amd64", created="2001-02-03T04:05:06.789Z", packed=None, **more):
        self.tags, self.layers = tags, layers
        self.blobs = [packed(layer) if packed else layer for layer in layers]
        self.media = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if packed else "")
        self.architecture = architecture
        self.config = json.dumps({
            "architecture": architecture, "os": "linux", "created": created, "config": config or {},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
            "history": [{"created": created, "created_by": f"layer {i}"} for i in range(len(layers))], **more}).encode()
        self.id = digest(self.config)

    def manifest(self):
        return json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": self.id, "size": len(self.config)},
            "layers": [{"mediaType": self.media, "digest": digest(b), "size": len(b)} for b in self.blobs]}).encode()


def blob(data):
    return "blobs/sha256/" + digest(data)[7:], data


def docker_archive(*images):
    """As docker 1.10 to 24 wrote it: manifest.json, repositories, a directory for each layer."""
    members, manifest, seen = [], [], set()
    for image in images:
        names = []
        for layer, data in zip(image.layers, image.blobs):
            name = digest(layer)[7:] + "/layer.tar"
            names.append(name)
            if name not in seen:
                members.append((name, data))
                seen.add(name)
        members.append((image.id[7:] + ".json", image.config))
        manifest.append({"Config": image.id[7:] + ".json", "RepoTags": image.tags or None, "Layers": names})
    return tar([*members, ("manifest.json", json.dumps(manifest))])


def oci_archive(*images, index_of=()):
    """An OCI layout; with `index_of` one entry that is an index of those images, named by the first one's first tag."""
    members, manifests = {}, []

    def descriptor(image, **more):
        for data in (*image.blobs, image.config, image.manifest()):
            members.update([blob(data)])
        m = image.manifest()
        return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(m), "size": len(m), **more}

    for image in images:
        for tag in image.tags or [None]:
            note = {"annotations": {"io.containerd.image.name": tag, "org.opencontainers.image.ref.name": tag.split(":")[-1]}} if tag else {}
            manifests.append(descriptor(image, **note))
    if index_of:
        index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            descriptor(i, platform={"architecture": i.architecture, "os": "linux"}) for i in index_of]}).encode()
        members.update([blob(index)])
        manifests.append({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(index), "size": len(index),
                          "annotations": {"io.containerd.image.name": index_of[0].tags[0]}})
    files = [*members.items(), ("oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
             ("index.json", json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}))]
    return tar(files)
