/* handlers.h: the handlers that http/routes.def names; a file a resource. */
#ifndef COUNTERSIGN_API_HANDLERS_H
#define COUNTERSIGN_API_HANDLERS_H

#include "api/call.h"

handler_fn health_get, settings_get, jwks_get, head_alone;                 /* public.c */
handler_fn sign_up_post;                                                   /* sign_up_post.c */
handler_fn token_password, token_refresh, token_pkce, token_id_token;      /* token.c */
handler_fn token_web3, token_unsupported;                                  /* token.c */
handler_fn user_get, user_put, logout_post;                                /* user.c */
handler_fn factors_post, factor_challenge, factor_verify, factor_unenroll; /* factors.c */
handler_fn admin_users_get, admin_users_post, admin_user_get;              /* admin_users.c */
handler_fn admin_user_put, admin_user_delete;
handler_fn admin_factors_get, admin_factor_get, admin_factor_put; /* admin_factors.c */
handler_fn admin_factor_delete;
handler_fn admin_locks_get, admin_locks_delete;                           /* admin_locks.c */
handler_fn admin_audit_get;                                               /* admin_audit.c */
handler_fn otp_post, magic_link_post, recover_post, resend_post;          /* codes.c */
handler_fn reauthenticate_get;                                            /* codes.c */
handler_fn verify_get, verify_post;                                       /* verify_link.c */
handler_fn recovery_codes_get, recovery_codes_post, recovery_codes_again; /* recovery_codes.c */
handler_fn recovery_codes_verify, recovery_codes_delete_all;              /* recovery_codes.c */
handler_fn invite_post, generate_link_post;                               /* invitations.c */
handler_fn identity_delete_one;                                           /* identities.c */
handler_fn authorize_get, callback_any;                                   /* refusals.c */
handler_fn admin_empty_providers, admin_empty_sso, admin_empty_passkeys;

#endif
