/* A session in a file, mode 0600. */
#ifndef CSI_STORAGE_FILE_H
#define CSI_STORAGE_FILE_H

#include "countersign.h"

struct csi_file_storage;

/* Fills in *storage; NULL if there is no memory. */
struct csi_file_storage *csi_file_storage_new(const char *path, cs_storage *storage);
void csi_file_storage_free(struct csi_file_storage *file);

/* Locks the session that is in the file now against other processes and clients. The descriptor to
 * close afterwards; -1 if there is no file, or none that can be locked. */
int csi_file_storage_lock(const struct csi_file_storage *file);

#endif
