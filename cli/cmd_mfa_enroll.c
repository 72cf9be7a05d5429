/* cmd_mfa_enroll.c: `countersign mfa enroll`: adds a factor. For an authenticator app it draws the
 * QR code, shows the secret beneath, asks for the app's code and verifies it. */
#include "factor.h"
#include "help.h"
#include "prompt.h"
#include "qr_terminal.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3, LINES_BELOW = 4 /* of the code: a blank one, secret, id, prompt */ };

static void show_json(struct job *job, const cs_mfa_enroll_response *enrolled)
{
    struct strbuf out = json_begin(job->arena, '{');
    json_add_text(&out, "friendly_name", enrolled->friendly_name);
    json_add_text(&out, "id", enrolled->id);
    json_add_text(&out, "phone", enrolled->phone);
    if (enrolled->totp) {
        struct strbuf totp = json_begin(job->arena, '{');
        json_add_text(&totp, "qr_code", enrolled->totp->qr_code);
        json_add_text(&totp, "secret", enrolled->totp->secret);
        json_add_text(&totp, "uri", enrolled->totp->uri);
        strbuf_char(&totp, '}');
        json_add_raw(&out, "totp", totp.data);
    }
    json_add_text(&out, "type", enrolled->type);
    json_end(&out, '}');
}

/* In groups of four, as people type it. */
static void show_secret(const char *secret)
{
    printf("Secret, to type in instead:");
    for (size_t i = 0; secret[i]; i++) {
        printf("%s%c", i % 4 ? "" : " ", secret[i]);
    }
    printf("\n");
}

/* The code, and before it what a person has to know, as it may scroll away. */
static void show_code(const struct qr_drawing *code)
{
    if (!code->modules) {
        printf("(The address is too long for a QR code: type the secret in.)\n");
        return;
    }
    if (code->style == QR_NOT) {
        printf("(This terminal can show no QR code, as it has neither colours nor UTF-8: type the "
               "secret in.)\n");
        return;
    }
    if (code->columns > code->screen_columns) {
        printf("(The terminal is too narrow for the QR code: it needs %d columns. Type the "
               "secret in.)\n",
               code->columns);
        return;
    }
    if (code->rows + 1 > code->screen_rows) {
        printf("(The QR code has %d lines and the terminal %d: make it higher or its letters "
               "smaller, or type the secret in.)\n",
               code->rows, code->screen_rows);
    }
    if (code->style == QR_PLAIN_BLOCKS) {
        printf("(It is drawn without colours, for light letters on a dark ground.)\n");
    }
    printf(code->small ? "Scan this with your authenticator app:\n"
                       : "Scan this with your authenticator app:\n\n");
    qr_terminal_draw(code);
}

static void show_text(struct job *job, const cs_mfa_enroll_response *enrolled)
{
    if (!enrolled->totp) {
        printf("Factor %s for %s is made.\n", safe(job->arena, enrolled->id),
               safe(job->arena, enrolled->phone));
        return;
    }
    struct qr_drawing code = qr_terminal_plan(job->arena, enrolled->totp->uri, LINES_BELOW);
    if (!code.small) {
        show_code(&code);
        printf("\n");
    }
    show_secret(safe(job->arena, enrolled->totp->secret));
    printf("Factor id: %s\n", safe(job->arena, enrolled->id));
    if (code.small) { /* nothing but the prompt beneath it */
        show_code(&code);
    }
}

static int not_yet(struct job *job, const cs_mfa_enroll_response *enrolled, int code)
{
    fprintf(code ? stderr : stdout,
            "The factor does not count until a code of it was verified.\n"
            "Next: countersign mfa %s %s\n", /* a phone gets its code by the challenge */
            enrolled->totp ? "challenge-and-verify" : "challenge", safe(job->arena, enrolled->id));
    return code;
}

/* A wrong code may be tried again; anything else ends it. */
static int verify(struct job *job, const cs_mfa_enroll_response *enrolled)
{
    const char *name = *enrolled->friendly_name ? enrolled->friendly_name : enrolled->id;
    for (int i = 1;; i++) {
        cs_mfa_verify_response *verified = NULL;
        const char *code = job->options.code ? job->options.code
                                             : prompt_line(job->arena, "Code that the app shows: ");
        if (!code) {
            return not_yet(job, enrolled, EXIT_REFUSED);
        }
        job->options.code = code;
        code = factor_code(job, "");
        job->options.code = NULL;
        cs_status status = cs_auth_mfa_challenge_and_verify(
            job->client,
            &(cs_mfa_challenge_and_verify_params){ .factor_id = enrolled->id, .code = code },
            &verified);
        if (status == CS_OK) {
            int done = factor_verified(job, safe(job->arena, name), verified);
            cs_mfa_verify_response_free(&verified);
            return done;
        }
        const char *reason = cs_client_last_error(job->client)->code;
        bool wrong = strcmp(reason, "mfa_verification_failed") == 0;
        int failed = job_failed(job, status);
        if (!wrong || i == TRIES || !prompt_possible()) {
            return not_yet(job, enrolled, failed);
        }
    }
}

static int act(struct job *job)
{
    const struct options *options = &job->options;
    const char *type = options->type ? options->type : options->phone ? "phone" : "totp";
    cs_mfa_enroll_response *enrolled = NULL;
    cs_status status = cs_auth_mfa_enroll(job->client,
                                          &(cs_mfa_enroll_params){ .factor_type = type,
                                                                   .friendly_name = options->name,
                                                                   .issuer = options->issuer,
                                                                   .phone = options->phone },
                                          &enrolled);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    int code = EXIT_OK;
    if (options->json) {
        show_json(job, enrolled);
    } else {
        show_text(job, enrolled);
        code = options->no_verify || !enrolled->totp ? not_yet(job, enrolled, EXIT_OK)
                                                     : verify(job, enrolled);
    }
    cs_mfa_enroll_response_free(&enrolled);
    return code;
}

const struct command command_mfa_enroll = {
    .name = "mfa enroll",
    .summary = "add a second factor: shows the QR code, asks for the code",
    .help = "usage: countersign mfa enroll [OPTION]...\n\n"
            "Adds an authenticator app: draws its QR code, shows the secret beneath for typing\n"
            "in, asks for the code that the app then shows, and verifies it. The code may also\n"
            "come as a line on standard input.\n\n"
            "  --name NAME         a name for the factor, such as \"phone\"\n"
            "  --issuer NAME       what the app shows as the site; else the server's name\n"
            "  --type TYPE         totp (the default) or phone\n"
            "  --phone PHONE       for a factor that gets its codes by SMS\n"
            "  --no-verify         do not ask for a code now; so it is also with --json\n" HELP_CODE
                HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
};
