/* change_links.h: our own table change_links: links of changes of address, by a hash. In
 * one_time_tokens, where other links are, the official server looks up the codes of these. */
#ifndef COUNTERSIGN_STORE_CHANGE_LINKS_H
#define COUNTERSIGN_STORE_CHANGE_LINKS_H

#include "store/one_time_tokens.h"

/* The link lives as long as the row of one_time_tokens beside it. */
void change_link_put(struct tx *tx, const struct uuid *token_id, const char *link_hash);

/* The user whose live link it is. */
bool change_link_find(struct tx *tx, enum token_kind kind, const char *link_hash,
                      struct uuid *user_id);

#endif
