/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_MEDIA_H
#define BT_IMAGE_MEDIA_H

/*
 * Media types of manifests, configurations and layers (OCI image-spec,
 * media-types.md; Docker's image manifest, version 2, schema 2).
 */

#define BT_MEDIA_OCI_INDEX     "application/vnd.oci.image.index.v1+json"
#define BT_MEDIA_OCI_MANIFEST  "application/vnd.oci.image.manifest.v1+json"
#define BT_MEDIA_OCI_CONFIG    "application/vnd.oci.image.config.v1+json"
#define BT_MEDIA_OCI_LAYER     "application/vnd.oci.image.layer.v1.tar"
#define BT_MEDIA_DOCKER_LIST   "application/vnd.docker.distribution.manifest.list.v2+json"
#define BT_MEDIA_DOCKER_V2     "application/vnd.docker.distribution.manifest.v2+json"
#define BT_MEDIA_DOCKER_V1     "application/vnd.docker.distribution.manifest.v1+json"
#define BT_MEDIA_DOCKER_V1_JWS "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define BT_MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define BT_MEDIA_DOCKER_LAYER  "application/vnd.docker.image.rootfs.diff.tar.gzip"

#endif
