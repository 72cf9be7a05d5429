/* cmd_completion.c: `countersign completion`: scripts that complete commands and options in bash
 * and zsh, made from the table of commands and the options that their helps list. */
#include "job.h"

#include <stdio.h>
#include <string.h>

/* The next word of the commands that begin with the prefix ("" or "mfa "), each once. */
static void next_words(const char *prefix)
{
    const char *last = "";
    size_t last_len = 0, len = strlen(prefix);
    for (int i = 0; commands[i]; i++) {
        const char *word = commands[i]->name + len;
        if (strncmp(commands[i]->name, prefix, len) != 0) {
            continue;
        }
        size_t word_len = strcspn(word, " ");
        if (word_len != last_len || memcmp(word, last, word_len) != 0) {
            printf("%.*s ", (int)word_len, word);
        }
        last = word;
        last_len = word_len;
    }
}

static void option_words(const struct command *command)
{
    size_t len;
    for (const char *at = command->help; (at = help_next_option(at, &len)); at += len) {
        printf("%.*s ", (int)len, at);
    }
    printf("--help");
}

/* case branches that set $choices by $typed, the words so far, each with a blank before it. */
static void branches(void)
{
    printf("    '') choices='");
    next_words("");
    printf("--help --version' ;;\n");
    for (int i = 0; command_groups[i].name; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s ", command_groups[i].name);
        printf("    ' %s') choices='", command_groups[i].name);
        next_words(prefix);
        printf("--help' ;;\n");
    }
    for (int i = 0; commands[i]; i++) {
        printf("    ' %s'|' %s '*) choices='", commands[i]->name, commands[i]->name);
        option_words(commands[i]);
        printf("%s%s' ;;\n", commands[i]->choices ? " " : "",
               commands[i]->choices ? commands[i]->choices : "");
    }
}

static void print_bash(void)
{
    printf("# bash completion of countersign: source <(countersign completion bash)\n"
           "_countersign()\n"
           "{\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  local typed='' choices='' i\n"
           "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "    case ${COMP_WORDS[i]} in -*) ;; *) typed+=\" ${COMP_WORDS[i]}\" ;; esac\n"
           "  done\n"
           "  case $prev in\n"
           "    --config|--db) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
           "    --data-dir) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
           "    --scope) COMPREPLY=($(compgen -W 'local global others' -- \"$cur\")); return ;;\n"
           "    --type) COMPREPLY=($(compgen -W 'totp phone' -- \"$cur\")); return ;;\n"
           "    --channel) COMPREPLY=($(compgen -W 'sms whatsapp' -- \"$cur\")); return ;;\n"
           "  esac\n"
           "  case $typed in\n");
    branches();
    printf("  esac\n"
           "  COMPREPLY=($(compgen -W \"$choices\" -- \"$cur\"))\n"
           "}\n"
           "complete -F _countersign countersign\n");
}

static void print_zsh(void)
{
    printf("#compdef countersign\n"
           "# zsh completion of countersign: source <(countersign completion zsh), after compinit\n"
           "_countersign()\n"
           "{\n"
           "  local typed='' choices='' word\n"
           "  local -a before\n"
           "  before=(\"${(@)words[2,CURRENT-1]}\")\n"
           "  for word in \"${before[@]}\"; do\n"
           "    case $word in -*|'') ;; *) typed+=\" $word\" ;; esac\n"
           "  done\n"
           "  case ${before[-1]} in\n"
           "    --config|--db) _files; return ;;\n"
           "    --data-dir) _files -/; return ;;\n"
           "    --scope) compadd local global others; return ;;\n"
           "    --type) compadd totp phone; return ;;\n"
           "    --channel) compadd sms whatsapp; return ;;\n"
           "  esac\n"
           "  case $typed in\n");
    branches();
    printf("  esac\n"
           "  compadd -- ${=choices}\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _countersign ]; then\n"
           "  _countersign \"$@\"\n"
           "else\n"
           "  compdef _countersign countersign\n"
           "fi\n");
}

static int act(struct job *job)
{
    const char *shell = job->options.words[0];
    if (strcmp(shell, "bash") == 0) {
        print_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh();
    } else {
        return usage_error(job->command, "there are scripts for bash and zsh, not for %s", shell);
    }
    return EXIT_OK;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a script that completes commands in bash or zsh",
    .help = "usage: countersign completion bash|zsh\n\n"
            "bash: put  source <(countersign completion bash)  into ~/.bashrc.\n"
            "zsh:  put  source <(countersign completion zsh)  into ~/.zshrc, after compinit, or\n"
            "      save it as _countersign in a folder of $fpath.\n",
    .act = act,
    .words_min = 1,
    .words_max = 1,
    .choices = "bash zsh",
};
