/* mail_words.c: our own mails: the words for each kind in one plain layout, as HTML (styles within
 * the tags, which is what mail programs understand) and as text. The words are templates, with the
 * fields of accounts.md ML2 and 7.4. */
#include "deliver/mail_template.h"

#include "base/strbuf.h"

enum { LAYOUT_MAX = 16384 };

struct words {
    const char *heading, *lead;
    const char *button; /* NULL: there is no link */
};

/* What people call a kind of factor. */
#define METHOD                                                                                     \
    "{{ if eq .FactorType \"totp\" }}authenticator app{{ else if eq .FactorType \"phone\" }}"      \
    "phone number{{ else if eq .FactorType \"webauthn\" }}security key or passkey{{ else if eq "   \
    ".FactorType \"recovery_code\" }}recovery codes{{ else }}{{ .FactorType }}{{ end }}"

#define LOCKED                                                                                     \
    "{{ if ne .Locked \"days\" }}It can be used again in a few minutes.{{ else }}It stays locked " \
    "for some days for sign-ins like those. You can still sign in where you did before, with a "   \
    "link or a code that we mail you, with another verification method or a recovery code; an "    \
    "administrator can unlock it.{{ end }}"

static const struct words words[] = {
    [MAIL_CONFIRMATION] = { "Confirm your email address",
                            "Follow the link to confirm {{ .Email }} and finish signing up.",
                            "Confirm the address" },
    [MAIL_INVITE] = { "You have been invited",
                      "You have been invited to create an account at {{ .SiteURL }}.",
                      "Accept the invitation" },
    [MAIL_MAGIC_LINK] = { "Your sign-in link", "Follow the link to sign in as {{ .Email }}.",
                          "Sign in" },
    [MAIL_RECOVERY] = { "Reset your password",
                        "Follow the link to choose a new password for {{ .Email }}.",
                        "Choose a new password" },
    [MAIL_EMAIL_CHANGE] = { "Confirm your new email address",
                            "Follow the link to change the address of your account from "
                            "{{ .Email }} to {{ .NewEmail }}.",
                            "Confirm the change" },
    [MAIL_REAUTHENTICATION] = { "Confirm that it is you",
                                "Enter the code to go on with what you began.", NULL },
    [MAIL_PASSWORD_CHANGED] = { "Your password was changed",
                                "The password of your account {{ .Email }} was changed.", NULL },
    [MAIL_EMAIL_CHANGED] = { "Your email address was changed",
                             "The address of your account was changed from {{ .OldEmail }} to "
                             "{{ .Email }}.",
                             NULL },
    [MAIL_PHONE_CHANGED] = { "Your phone number was changed",
                             "The phone number of your account {{ .Email }} was changed"
                             "{{ if .OldPhone }} from {{ .OldPhone }}{{ end }} to {{ .Phone }}.",
                             NULL },
    [MAIL_IDENTITY_LINKED] = { "A new sign-in method was linked",
                               "The sign-in method {{ .Provider }} was linked to your account "
                               "{{ .Email }}.",
                               NULL },
    [MAIL_IDENTITY_UNLINKED] = { "A sign-in method was removed",
                                 "The sign-in method {{ .Provider }} was removed from your "
                                 "account {{ .Email }}.",
                                 NULL },
    [MAIL_FACTOR_ENROLLED] = { "A verification method was added",
                               "A verification method (" METHOD ") was added to your account "
                               "{{ .Email }}.",
                               NULL },
    [MAIL_FACTOR_UNENROLLED] = { "A verification method was removed",
                                 "A verification method (" METHOD ") was removed from your "
                                 "account {{ .Email }}.",
                                 NULL },
    [MAIL_FACTOR_REMOVED_BY_ADMIN] = { "An administrator removed a verification method",
                                       "An administrator removed a verification method (" METHOD
                                       ") from your account {{ .Email }}.",
                                       NULL },
    [MAIL_FACTOR_LOCKED] = { "A verification method was locked",
                             "Too many wrong codes were entered for a verification method (" METHOD
                             ") of your account {{ .Email }}, so it was locked. " LOCKED,
                             NULL },
    [MAIL_RECOVERY_CODE_USED] = { "A recovery code was used",
                                  "A recovery code was used to sign in to your account "
                                  "{{ .Email }}. {{ if eq .Remaining \"0\" }}It was the last one: "
                                  "make new ones.{{ else }}Of your recovery codes {{ .Remaining "
                                  "}} can still be used.{{ end }}",
                                  NULL },
    [MAIL_PASSWORD_AT_RISK] = { "Somebody else may know your password",
                                "Somebody signed in to your account {{ .Email }} with the right "
                                "password and then entered ten wrong verification codes.{{ if "
                                ".Locked }} The verification method (" METHOD
                                ") was locked. " LOCKED "{{ end }}",
                                NULL },
};

static bool is_notification(enum mail_kind kind)
{
    return kind >= MAIL_PASSWORD_CHANGED;
}

static const char *note_of(enum mail_kind kind)
{
    if (kind == MAIL_PASSWORD_AT_RISK) {
        return "If this was not you, change your password at {{ .SiteURL }} now: without it nobody "
               "gets that far.";
    }
    return is_notification(kind) ? "If this was not you, secure your account at {{ .SiteURL }} now."
                                 : "If you did not ask for this mail, you can ignore it.";
}

#define SANS "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"

static void write_html(struct strbuf *b, const struct words *w, const char *note)
{
    strbuf_printf(b,
                  "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width\">"
                  "<title>%s</title></head>\n"
                  "<body style=\"margin:0;padding:24px 12px;background:#f4f5f7;" SANS "\">\n"
                  "<div style=\"max-width:480px;margin:0 auto;padding:32px;background:#ffffff;"
                  "border:1px solid #e3e5e8;border-radius:8px;color:#1d2129;\">\n"
                  "<h1 style=\"margin:0 0 16px;font-size:20px;line-height:28px;\">%s</h1>\n"
                  "<p style=\"margin:0 0 24px;font-size:15px;line-height:23px;\">%s</p>\n",
                  w->heading, w->heading, w->lead);
    if (w->button) {
        strbuf_printf(b,
                      "<p style=\"margin:0 0 24px;\"><a href=\"{{ .ConfirmationURL }}\" "
                      "style=\"display:inline-block;padding:11px 20px;border-radius:6px;"
                      "background:#1f5fd0;color:#ffffff;font-size:15px;font-weight:600;"
                      "text-decoration:none;\">%s</a></p>\n",
                      w->button);
    }
    strbuf_printf(b,
                  "{{ if .Token }}<p style=\"margin:0 0 8px;font-size:15px;\">%s</p>\n"
                  "<p style=\"margin:0 0 24px;font-family:Menlo,Consolas,monospace;"
                  "font-size:26px;letter-spacing:4px;\">{{ .Token }}</p>\n{{ end }}",
                  w->button ? "Or enter this code:" : "Your code:");
    if (w->button) {
        strbuf_str(b, "<p style=\"margin:0 0 24px;font-size:13px;line-height:20px;"
                      "color:#5b6270;word-break:break-all;\">If the button does not work, open "
                      "this address: <br>{{ .ConfirmationURL }}</p>\n");
    }
    strbuf_printf(b,
                  "<p style=\"margin:0;padding-top:16px;border-top:1px solid #e3e5e8;"
                  "font-size:13px;line-height:20px;color:#5b6270;\">%s</p>\n"
                  "</div>\n</body>\n</html>\n",
                  note);
}

static void write_text(struct strbuf *b, const struct words *w, const char *note)
{
    strbuf_printf(b, "%s\n\n%s\n\n", w->heading, w->lead);
    if (w->button) {
        strbuf_printf(b, "%s:\n{{ .ConfirmationURL }}\n\n", w->button);
    }
    strbuf_printf(b, "{{ if .Token }}%s {{ .Token }}\n\n{{ end }}%s\n",
                  w->button ? "Or enter this code:" : "Your code:", note);
}

const struct template *mail_builtin(struct arena *arena, enum mail_kind kind, bool html)
{
    const char *error = NULL;
    struct strbuf b = strbuf_in(arena, LAYOUT_MAX);
    (html ? write_html : write_text)(&b, &words[kind], note_of(kind));
    return template_read(arena, b.data, &error);
}
