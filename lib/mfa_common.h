/* What the MFA calls share. */
#ifndef CSI_MFA_COMMON_H
#define CSI_MFA_COMMON_H

#include "auth.h"

/* Writes the path /factors/{id}{rest}; a missing id is an invalid argument. */
cs_status csi_factor_path(struct csi_call *call, struct csi_buf *path, const char *factor_id,
                          const char *rest);

/* POSTs a verification, keeps the session of the answer, emits MFA_CHALLENGE_VERIFIED. */
cs_status csi_mfa_verify(struct csi_call *call, const char *path, const struct csi_buf *body,
                         cs_mfa_verify_response **out);

/* DELETEs a factor and refreshes the session, unless the options say no. */
cs_status csi_mfa_remove(struct csi_call *call, const char *path, cs_mfa_unenroll_response **out);

#endif
